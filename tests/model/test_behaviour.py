"""What the champion must do on plain sentences, and be in size."""

import pytest

from stream_app.bundled import bundled
from stream_app.core.scoring import Model
from stream_app.model_store import load_model, read_manifest
from training.behaviour import SUITES, run

VADER_SENTENCES = 0.416  # macro-F1 on sentences with inherited labels


@pytest.fixture(scope="module", params=["inherited", "human"])
def champion(request: pytest.FixtureRequest) -> Model:
    return load_model(bundled("champion"), request.param)


@pytest.mark.parametrize("suite", [suite.name for suite in SUITES])
def test_the_champion_passes_every_suite(champion: Model, suite: str) -> None:
    (result,) = [found for found in run(champion.scorer, champion.sentence_decision) if found.suite == suite]
    assert result.ok, f"{result.passed} of {result.cases} passed: {result.failures}"


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
