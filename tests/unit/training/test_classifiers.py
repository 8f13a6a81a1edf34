from pathlib import Path

import pytest

from stream_app.bundled import bundled
from stream_app.core.errors import ModelError
from tests.model_folders import SENTENCES, sigmoid_pipeline, three_class_pipeline, write_model
from training.classifiers import CHAMPION, DESCRIPTIONS, MODEL, line_up, of_folder, vader
from training.commands.evaluate import reigning_champion
from training.gold import Gold
from training.train import train


def test_a_model_of_a_folder_says_what_its_pipeline_says(tmp_path: Path) -> None:
    pipeline = three_class_pipeline()
    written = write_model(tmp_path, pipeline)
    classifier, manifest = of_folder(tmp_path, MODEL)
    assert manifest == written
    assert classifier.name == MODEL
    assert classifier.probabilities(SENTENCES) == pytest.approx(pipeline.predict_proba(SENTENCES), abs=1e-6)
    assert classifier.decisions == written.decisions


def test_vader_knows_praise_and_complaint_by_its_authors_thresholds() -> None:
    classifier = vader()
    rows = classifier.probabilities(["I love it, it is great!", "It has a lid.", "I hate it, it is awful."])
    assert rows[0, 0] > 0.8 > rows[1, 0] == 0.5 > rows[2, 0]
    decision = classifier.decisions["inherited"].sentence
    assert decision.labels(rows).tolist() == [2, 1, 0]
    assert decision.values == pytest.approx((0.475, 0.525))


def test_all_stand_side_by_side_and_the_model_first(sample_gold: Gold, tmp_path: Path) -> None:
    write_model(tmp_path, three_class_pipeline())
    ours, champion = (of_folder(tmp_path, name)[0] for name in (MODEL, CHAMPION))
    seed = train("seed", sample_gold, lambda _: None)
    names = [each.name for each in line_up(ours, champion, seed)]
    assert names == [MODEL, CHAMPION, "seed, tuned", "seed", "VADER"]
    assert [each.name for each in line_up(ours, None, seed)] == [MODEL, *names[2:]]
    assert set(names[2:]) == DESCRIPTIONS.keys()
    tuned, own = line_up(ours, None, seed)[1:3]
    assert own.decisions["inherited"].sentence.values == pytest.approx((1 / 3, 2 / 3))
    assert tuned.decisions["inherited"].sentence != own.decisions["inherited"].sentence


def test_the_champion_stands_beside_others_and_not_beside_itself(tmp_path: Path) -> None:
    said: list[str] = []
    own = write_model(tmp_path / "own", three_class_pipeline())
    other = write_model(tmp_path / "other", sigmoid_pipeline())
    beside = reigning_champion(own, said.append, tmp_path / "other")
    assert beside is not None
    assert beside[1] == other
    assert reigning_champion(own, said.append, tmp_path / "own") is None
    assert said == []


def test_a_champion_that_cannot_be_loaded_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    own = write_model(tmp_path / "own", three_class_pipeline())
    write_model(tmp_path / "broken", sigmoid_pipeline())
    next((tmp_path / "broken").glob("*.joblib")).write_bytes(b"cut off")
    assert reigning_champion(own, said.append, tmp_path / "broken") is None
    assert "measuring without the champion" in said[0]
    with pytest.raises(ModelError):
        of_folder(tmp_path / "broken", MODEL)


def test_the_packaged_champion_can_be_measured() -> None:
    classifier, manifest = of_folder(bundled("champion"), CHAMPION)
    assert classifier.decisions.keys() == manifest.decisions.keys()
