"""What the champion must do on plain sentences, and be in size."""

import pytest

from stream_app.bundled import bundled
from stream_app.core.scoring import LABELS, Model
from stream_app.model_store import load_model, read_manifest

VADER_SENTENCES = 0.416  # macro-F1 on sentences with inherited labels


@pytest.fixture(scope="module")
def champion() -> Model:
    return load_model(bundled("champion"), "inherited")


def score(model: Model, sentence: str) -> float:
    return float(model.sentence_decision.scores(model.scorer.probabilities([sentence]))[0])


def label(model: Model, sentence: str) -> str:
    return LABELS[model.sentence_decision.labels(model.scorer.probabilities([sentence]))[0]]


@pytest.mark.parametrize(
    "sentence",
    ["I love it!", "Excellent service, highly recommended.", "The food was delicious.", "Great fit."],
)
def test_plain_praise_is_positive(champion: Model, sentence: str) -> None:
    assert label(champion, sentence) == "positive"


@pytest.mark.parametrize(
    "sentence",
    ["Terrible, a waste of money.", "The worst company ever.", "It broke after a week.", "Do not buy this."],
)
def test_plain_complaint_is_negative(champion: Model, sentence: str) -> None:
    assert label(champion, sentence) == "negative"


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("The staff is friendly.", "The staff is rude."),
        ("I would recommend it.", "I would not recommend it."),
        ("It works.", "It does not work."),
        ("Very happy with it.", "Not happy with it."),
    ],
)
def test_the_score_goes_the_right_way(champion: Model, better: str, worse: str) -> None:
    assert score(champion, better) > score(champion, worse)


@pytest.mark.parametrize(
    "sentence", ["I love this shirt", "The service was slow", "Good value for the price"]
)
def test_case_and_punctuation_change_nothing(champion: Model, sentence: str) -> None:
    assert score(champion, sentence) == score(champion, sentence.upper()) == score(champion, f"{sentence}!!")


def test_the_champion_beats_vader_and_leaks_nothing() -> None:
    figures = {
        (metric.dataset, metric.level): metric.macro_f1
        for metric in read_manifest(bundled("champion")).metrics
        if metric.preset == "inherited"
    }
    assert VADER_SENTENCES < figures["new domains", "sentence"] < 0.63


def test_the_artifact_is_small() -> None:
    (artifact,) = bundled("champion").glob("model-*.joblib")
    assert artifact.stat().st_size <= 12_000_000
