from pathlib import Path

import numpy as np
import pytest

from stream_app.core.errors import ModelError
from stream_app.model_store import load_model, read_manifest
from tests.model_folders import sigmoid_pipeline, three_class_pipeline, write_model
from training.registry import promote


@pytest.fixture
def candidates(tmp_path: Path) -> list[Path]:
    """Three models that differ."""
    third = three_class_pipeline()
    third[-1].coef_ = np.zeros_like(third[-1].coef_)
    folders = [tmp_path / name for name in ("first", "second", "third")]
    for folder, pipeline in zip(folders, [three_class_pipeline(), sigmoid_pipeline(), third], strict=True):
        write_model(folder, pipeline)
    return folders


def artifacts(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.joblib")}


def test_the_former_artifact_stays_until_the_next_promotion(candidates: list[Path], tmp_path: Path) -> None:
    champion = tmp_path / "champion"
    names = [promote(candidate, champion).file for candidate in candidates]
    assert artifacts(champion) == set(names[1:])
    assert load_model(champion, "seed").version == read_manifest(candidates[2]).version
    assert {path.name for path in champion.iterdir()} == {
        *names[1:],
        "manifest.json",
        "golden.jsonl",
        "MODEL_CARD.md",
    }


def test_promoting_twice_changes_nothing(candidates: list[Path], tmp_path: Path) -> None:
    for _ in range(3):
        promote(candidates[0], tmp_path / "champion")
    assert artifacts(tmp_path / "champion") == artifacts(candidates[0])


def test_the_manifest_comes_last(candidates: list[Path], tmp_path: Path) -> None:
    """What cannot be put into place stops the promotion before readers are told of the new model."""
    champion = tmp_path / "champion"
    former = promote(candidates[0], champion)
    (champion / "MODEL_CARD.md").unlink()
    (champion / "MODEL_CARD.md").mkdir()
    with pytest.raises(OSError, match="MODEL_CARD"):
        promote(candidates[1], champion)
    assert read_manifest(champion) == former
    assert former.file in artifacts(champion)


def test_a_candidate_without_its_card_is_refused(candidates: list[Path], tmp_path: Path) -> None:
    (candidates[0] / "MODEL_CARD.md").unlink()
    with pytest.raises(ModelError, match=r"MODEL_CARD\.md: missing"):
        promote(candidates[0], tmp_path / "champion")
    assert not (tmp_path / "champion").exists()
