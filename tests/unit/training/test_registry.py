"""From candidate to champion and back."""

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

from stream_app.core.errors import ModelError
from stream_app.core.manifest import decode_golden
from stream_app.model_store import load_model, read_manifest
from tests.holdouts import holdout
from tests.model_folders import replace_artifact, replace_golden, three_class_pipeline, write_model
from training.destinations import LocalFolder
from training.gates import Holdout
from training.registry import NoComparisonError, Promotion, RefusedError, Waivable, promote, rollback

# What six words teach does not pass the behaviour suites, and machines that run tests are too busy for speed.
WAIVED = (Waivable.BEHAVIOUR, Waivable.SPEED)


def read_holdout(seed: int) -> Holdout:
    assert seed == 0
    return holdout()


@pytest.fixture
def good(tmp_path: Path) -> Path:
    write_model(tmp_path / "good", three_class_pipeline())
    return tmp_path / "good"


@pytest.fixture
def useless(tmp_path: Path) -> Path:
    pipeline = three_class_pipeline()
    pipeline[-1].coef_ = np.zeros_like(pipeline[-1].coef_)
    write_model(tmp_path / "useless", pipeline)
    return tmp_path / "useless"


@pytest.fixture
def place(tmp_path: Path) -> LocalFolder:
    return LocalFolder(tmp_path / "champion")


def first(candidate: Path, place: LocalFolder) -> Promotion | None:
    return promote(candidate, place, read_holdout, first=True, waived=WAIVED)


def challenge(candidate: Path, place: LocalFolder) -> Promotion | None:
    return promote(candidate, place, read_holdout, waived=WAIVED)


def test_a_better_challenger_becomes_champion_and_says_why(
    good: Path, useless: Path, place: LocalFolder
) -> None:
    first(useless, place)
    promotion = challenge(good, place)
    assert promotion is not None
    assert load_model(Path(place.address), "inherited").version == promotion.version
    stated = json.loads(place.read("promotion.json") or b"")
    assert stated["former"] == read_manifest(useless).version
    assert stated["waived"] == ["behaviour"] or stated["waived"] == ["behaviour", "speed"]
    gates = {gate["name"]: gate["passed"] for gate in stated["gates"]}
    assert gates.keys() == {"golden", "holdout", "better", "source", "behaviour", "size", "speed"}
    assert gates["better"]


def test_a_worse_challenger_is_refused_with_figures_and_limits(
    good: Path, useless: Path, place: LocalFolder
) -> None:
    first(good, place)
    with pytest.raises(RefusedError) as caught:
        challenge(useless, place)
    text = str(caught.value)
    assert "better: macro-F1 less the champion's, with its 95 % interval: sentences -" in text
    assert "source: macro-F1 on the 320 sentences of shop" in text
    assert "behaviour" not in text
    assert any(gate.name == "behaviour" and not gate.passed for gate in caught.value.gates)
    assert read_manifest(Path(place.address)) == read_manifest(good)


def test_behaviour_that_is_not_waived_refuses(good: Path, place: LocalFolder) -> None:
    with pytest.raises(RefusedError, match=r"behaviour: share of cases that pass in .*, expected at least"):
        promote(good, place, read_holdout, first=True, waived=[Waivable.SPEED])
    assert place.names() == []


def test_an_artifact_that_is_too_large_is_refused(
    good: Path, place: LocalFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.gates.MAX_BYTES", 100)
    with pytest.raises(RefusedError, match=r"size: bytes of the artifact: [\d,]+, expected at most 100"):
        first(good, place)


def test_a_slow_challenger_is_refused(
    good: Path, useless: Path, place: LocalFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first(useless, place)
    monkeypatch.setattr("training.registry.speed_ratio", lambda *_: 1.51)
    with pytest.raises(RefusedError, match=r"speed: .*: 1\.51, expected at most 1\.5"):
        promote(good, place, read_holdout, waived=[Waivable.BEHAVIOUR])


def test_a_golden_set_that_does_not_match_is_refused_at_once(good: Path, place: LocalFolder) -> None:
    golden = decode_golden((good / "golden.jsonl").read_bytes())
    moved = msgspec.structs.replace(golden[0], probabilities=(0.5, 0.25, 0.25))
    replace_golden(good, [moved, *golden[1:]])
    with pytest.raises(RefusedError, match=r"golden: .* differs by .* on sentence 1") as caught:
        first(good, place)
    assert [gate.name for gate in caught.value.gates] == ["golden"]
    assert place.names() == []


def test_promoting_the_champion_is_nothing_to_do(good: Path, place: LocalFolder) -> None:
    first(good, place)
    assert challenge(good, place) is None


def test_a_first_champion_has_to_be_called_that(good: Path, useless: Path, place: LocalFolder) -> None:
    with pytest.raises(NoComparisonError, match="--first makes this the first"):
        challenge(good, place)
    first(good, place)
    with pytest.raises(NoComparisonError, match="leave out --first"):
        first(useless, place)


def test_a_champion_that_cannot_be_loaded_is_replaced_by_a_first_one_only(
    good: Path, useless: Path, place: LocalFolder
) -> None:
    first(good, place)
    replace_artifact(Path(place.address), b"not xz")
    with pytest.raises(ModelError, match=r"cannot be loaded, --first replaces it: .*cannot be opened"):
        challenge(useless, place)
    assert first(useless, place) is not None


def test_a_rollback_brings_the_former_champion_back_and_can_be_undone(
    good: Path, useless: Path, place: LocalFolder
) -> None:
    first(useless, place)
    reason = place.read("promotion.json")
    challenge(good, place)
    assert rollback(place).manifest == read_manifest(useless)
    assert load_model(Path(place.address), "inherited").version == read_manifest(useless).version
    assert place.read("promotion.json") == reason
    assert rollback(place).manifest == read_manifest(good)


def test_without_a_former_champion_there_is_no_rollback(good: Path, place: LocalFolder) -> None:
    with pytest.raises(NoComparisonError, match="nothing to roll back to"):
        rollback(place)
    first(good, place)
    with pytest.raises(NoComparisonError, match="nothing to roll back to"):
        rollback(place)


def test_a_former_champion_that_cannot_be_loaded_does_not_come_back(
    good: Path, useless: Path, place: LocalFolder
) -> None:
    first(useless, place)
    challenge(good, place)
    (Path(place.address) / read_manifest(useless).file).unlink()
    with pytest.raises(ModelError, match=r"former/model-.*: missing"):
        rollback(place)
    assert load_model(Path(place.address), "inherited").version == read_manifest(good).version
