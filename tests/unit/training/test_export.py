"""What stands at a place while a champion is replaced, and after it was broken off."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from stream_app.core.errors import ModelError
from stream_app.model_store import load_model, read_manifest
from tests.model_folders import sigmoid_pipeline, three_class_pipeline, write_model
from training.destinations import LocalFolder, ObjectStore, Target
from training.export import ModelFiles, current, folder_files, former, publish


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[ModelFiles]:
    """Three models that differ."""
    third = three_class_pipeline()
    third[-1].coef_ = np.zeros_like(third[-1].coef_)
    folders = [tmp_path_factory.mktemp("candidate") for _ in range(3)]
    for folder, pipeline in zip(folders, [three_class_pipeline(), sigmoid_pipeline(), third], strict=True):
        write_model(folder, pipeline)
    return [folder_files(folder) for folder in folders]


class Interrupted(LocalFolder):
    """A folder that fails at one of its changes, as on a full disk or at a kill."""

    def __init__(self, folder: Path, changes: int) -> None:
        super().__init__(folder)
        self._left = changes

    def write(self, name: str, content: bytes) -> None:
        self._count()
        super().write(name, content)

    def delete(self, name: str) -> None:
        self._count()
        super().delete(name)

    def _count(self) -> None:
        if not self._left:
            raise OSError(28, "No space left on device")
        self._left -= 1


def promote(model: ModelFiles, place: Target) -> None:
    publish(model, place, current(place))


def versions(place: Target) -> tuple[str | None, str | None]:
    both = current(place), former(place)
    now, before = (None if files is None else files.manifest.version for files in both)
    return now, before


def broken_off_at_each_change(tmp_path: Path, before: list[ModelFiles], model: ModelFiles) -> Iterator[Path]:
    """The folder after a promotion was broken off at its first, second, … change, and at last was not."""
    ended = False
    changes = 0
    while not ended:
        folder = tmp_path / str(changes)
        for earlier in before:
            promote(earlier, LocalFolder(folder))
        try:
            promote(model, Interrupted(folder, changes))
            ended = True
        except OSError:
            pass
        yield folder
        changes += 1


def test_broken_off_anywhere_a_whole_model_is_in_force(models: list[ModelFiles], tmp_path: Path) -> None:
    first, second, third = models
    folders = broken_off_at_each_change(tmp_path, [first, second], third)
    seen = [load_model(folder, "seed").version for folder in folders]
    assert seen[0] == second.manifest.version
    assert seen[-1] == third.manifest.version
    assert len(seen) > 8
    assert seen == sorted(seen, key=[second.manifest.version, third.manifest.version].index)


def test_broken_off_anywhere_it_can_be_done_again_and_rolled_back(
    models: list[ModelFiles], tmp_path: Path
) -> None:
    first, second, third = models
    for folder in broken_off_at_each_change(tmp_path, [first, second], third):
        place = LocalFolder(folder)
        former(place)  # whole, or none
        for changes in range(3):  # broken off a second time
            with suppress(OSError):
                promote(third, Interrupted(folder, changes))
        promote(third, place)
        assert versions(place) == (third.manifest.version, second.manifest.version)
        kept = former(place)
        assert kept is not None
        assert kept.contents == second.contents


def test_broken_off_anywhere_another_model_can_be_promoted(models: list[ModelFiles], tmp_path: Path) -> None:
    first, second, third = models
    for folder in broken_off_at_each_change(tmp_path, [first], second):
        place = LocalFolder(folder)
        reigning = current(place)
        assert reigning is not None
        promote(third, place)
        kept = former(place)
        assert kept is not None
        assert kept.contents == reigning.contents
        assert load_model(folder, "seed").version == third.manifest.version


@pytest.mark.parametrize("kind", ["local", "memory"])
def test_the_former_model_stays_until_the_next_promotion(
    models: list[ModelFiles], tmp_path: Path, kind: str
) -> None:
    place: Target = (
        LocalFolder(tmp_path / "champion") if kind == "local" else ObjectStore(f"memory://{tmp_path.name}/c")
    )
    for model in models:
        promote(model, place)
    assert versions(place) == (models[2].manifest.version, models[1].manifest.version)
    assert set(place.names()) == {
        models[1].manifest.file,
        models[2].manifest.file,
        "manifest.json",
        "golden.jsonl",
        "MODEL_CARD.md",
    }


def test_promoting_the_champion_again_changes_nothing(models: list[ModelFiles], tmp_path: Path) -> None:
    place = LocalFolder(tmp_path)
    for model in [models[0], models[1], models[1]]:
        promote(model, place)
    assert versions(place) == (models[1].manifest.version, models[0].manifest.version)


def test_a_reason_of_the_former_promotion_does_not_stand_beside_another_model(
    models: list[ModelFiles], tmp_path: Path
) -> None:
    place = LocalFolder(tmp_path)
    explained = models[0]._replace(contents={**models[0].contents, "promotion.json": b"{}"})
    promote(explained, place)
    promote(models[1], place)
    assert place.read("promotion.json") is None
    assert place.read("former/promotion.json") == b"{}"


def test_what_a_killed_promotion_left_is_removed(models: list[ModelFiles], tmp_path: Path) -> None:
    (tmp_path / ".model-0123.joblib.new").write_text("half")
    promote(models[0], LocalFolder(tmp_path))
    assert ".model-0123.joblib.new" not in LocalFolder(tmp_path).names()


def test_a_golden_set_that_nobody_knows_is_refused(models: list[ModelFiles], tmp_path: Path) -> None:
    for model in models[:2]:
        promote(model, LocalFolder(tmp_path))
    (tmp_path / "golden.jsonl").write_text("{}")
    with pytest.raises(ModelError, match=r"golden\.jsonl: sha256 .* was changed"):
        load_model(tmp_path, "seed")
    with pytest.raises(ModelError, match=r"golden\.jsonl: was changed or cut off"):
        current(LocalFolder(tmp_path))


@pytest.mark.parametrize("name", ["manifest.json", "golden.jsonl", "MODEL_CARD.md", "model-*.joblib"])
def test_a_candidate_that_lacks_a_file_is_refused_by_name(tmp_path: Path, name: str) -> None:
    write_model(tmp_path, three_class_pipeline())
    (path,) = tmp_path.glob(name)
    path.unlink()
    with pytest.raises(ModelError, match=f"{path.name}: missing"):
        folder_files(tmp_path)


class Forgetful(LocalFolder):
    """A place that keeps half of what it is given."""

    def write(self, name: str, content: bytes) -> None:
        super().write(name, content[: len(content) // 2])


def test_what_does_not_read_back_is_not_promoted(models: list[ModelFiles], tmp_path: Path) -> None:
    promote(models[0], LocalFolder(tmp_path))
    with pytest.raises(ModelError, match="does not read back"):
        publish(models[1], Forgetful(tmp_path), None)
    assert read_manifest(tmp_path) == models[0].manifest
