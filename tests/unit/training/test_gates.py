"""What each gate lets through and what it stops."""

import msgspec
import numpy as np
import pytest

from stream_app.core.manifest import Manifest
from stream_app.core.scoring import Scorer
from tests.holdouts import holdout, sentences
from tests.model_folders import three_class_pipeline, write_model
from training.behaviour import SuiteResult
from training.bootstrap import Interval
from training.gates import (
    MAX_BYTES,
    MAX_SPEED_RATIO,
    SMALL_SOURCES,
    Contender,
    Gate,
    behaviour,
    better,
    compared,
    size,
    speed,
)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return write_model(tmp_path_factory.mktemp("model"), three_class_pipeline())


@pytest.fixture(scope="module")
def good(manifest: Manifest) -> Contender:
    return Contender(manifest, Scorer.from_pipeline(three_class_pipeline()))


@pytest.fixture(scope="module")
def useless(manifest: Manifest) -> Contender:
    pipeline = three_class_pipeline()
    pipeline[-1].coef_ = np.zeros_like(pipeline[-1].coef_)
    return Contender(manifest, Scorer.from_pipeline(pipeline))


def by_name(gates: list[Gate], name: str) -> list[Gate]:
    return [gate for gate in gates if gate.name == name]


BETTER, WORSE, EVEN = Interval(0.001, 0.01, 0.02), Interval(-0.02, -0.01, -0.001), Interval(-0.01, 0.0, 0.01)


@pytest.mark.parametrize(
    ("differences", "passed"),
    [
        ((BETTER, EVEN, EVEN), True),
        ((EVEN, EVEN, BETTER), True),
        ((EVEN, EVEN, EVEN), False),
        ((BETTER, WORSE, EVEN), False),
        ((BETTER, BETTER, WORSE), False),
        ((Interval(0.0, 0.0, 0.0),) * 3, False),  # the same model
    ],
)
def test_a_challenger_is_better_for_sure_and_worse_in_nothing(
    differences: tuple[Interval, ...], passed: bool
) -> None:
    gate = better(dict(zip(("sentences", "reviews", "human labels"), differences, strict=True)))
    assert gate.passed == passed
    assert f"human labels {differences[2].value:+.4f}" in str(gate)


def test_the_labels_of_people_count_where_there_are_any(good: Contender, useless: Contender) -> None:
    decisions = good.manifest.decisions | {"human": good.manifest.decisions["inherited"]}
    labelled = msgspec.structs.replace(good.manifest, decisions=decisions)
    ours, theirs = good._replace(manifest=labelled), useless._replace(manifest=labelled)
    (gate,) = by_name(list(compared(ours, theirs, holdout(human=sentences()))), "better")
    assert gate.passed
    assert "human labels +" in gate.figure
    (gate,) = by_name(list(compared(good, useless, holdout(human=sentences()))), "better")
    assert "human labels" not in gate.figure


def test_who_knows_the_words_beats_who_does_not(good: Contender, useless: Contender) -> None:
    assert all(gate.passed for gate in compared(good, useless, holdout()))
    refused = [gate.name for gate in compared(useless, good, holdout()) if not gate.passed]
    assert refused == ["better", "source"]


def test_a_model_is_not_better_than_itself(good: Contender) -> None:
    gates = list(compared(good, good, holdout()))
    assert [gate.name for gate in gates if not gate.passed] == ["better"]


def test_a_loss_on_one_source_is_not_made_up_for_by_another(good: Contender, useless: Contender) -> None:
    """The better one is better on the whole and on its own source, and the other source shows its loss."""
    ours = sentences(60, "ours")
    theirs = sentences(30, "theirs", first=10_000)
    theirs["class"] = useless.manifest.decisions["inherited"].sentence.labels(
        useless.scorer.probabilities(theirs["text"].tolist())
    )
    gates = list(compared(good, useless, holdout(ours, theirs)))
    (refused,) = [gate for gate in gates if not gate.passed]
    assert refused.name == "source"
    assert "of theirs" in refused.of
    assert "less 0.01" in refused.limit


@pytest.mark.parametrize(("loss", "passed"), [(0.01, True), (0.011, False)])
def test_a_point_may_be_lost_on_a_source(
    good: Contender, monkeypatch: pytest.MonkeyPatch, loss: float, passed: bool
) -> None:
    figures = iter([0.6 - loss, 0.6])
    monkeypatch.setattr("training.gates.macro_f1", lambda *_: next(figures))
    (gate,) = by_name(list(compared(good, good, holdout())), "source")
    assert gate.passed == passed


def test_small_sources_are_judged_together(good: Contender) -> None:
    parts = [sentences(5, f"s{number}", first=1000 * number) for number in range(4)]
    large = sentences(20, "large", first=90_000)
    gates = by_name(list(compared(good, good, holdout(*parts, large))), "source")
    assert [gate.of.rpartition(" of ")[2] for gate in gates] == ["large", SMALL_SOURCES]
    assert "on the 160 sentences" in gates[1].of


def test_a_candidate_tuned_on_another_half_is_not_compared(good: Contender) -> None:
    training = msgspec.structs.replace(good.manifest.training, seed=7)
    other = good._replace(manifest=msgspec.structs.replace(good.manifest, training=training))
    (gate,) = compared(other, good, holdout())
    assert (gate.name, gate.passed, gate.figure) == ("holdout", False, "7")


def test_behaviour_size_and_speed_have_limits() -> None:
    suites = [SuiteResult("negation", "direction", 10, passed, 0.7, ()) for passed in (7, 6)]
    assert [gate.passed for gate in behaviour(suites)] == [True, False]
    assert [size(b"x" * length).passed for length in (MAX_BYTES, MAX_BYTES + 1)] == [True, False]
    assert [speed(ratio).passed for ratio in (MAX_SPEED_RATIO, MAX_SPEED_RATIO + 0.01)] == [True, False]
    assert str(speed(1.7)) == "speed: time for a sentence over the champion's: 1.70, expected at most 1.5"
