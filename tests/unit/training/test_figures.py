from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from training.bootstrap import Resamples
from training.figures import Figures, Judgement, figures
from training.held_out import Rows
from training.measures import macro_f1

RANDOM = np.random.default_rng(8)
SIZE = 300
GOLD = RANDOM.integers(0, 3, SIZE).astype(np.int8)
LABELS = np.where(RANDOM.random(SIZE) < 0.6, GOLD, RANDOM.integers(0, 3, SIZE)).astype(np.int8)
PROBABILITIES = RANDOM.dirichlet(np.ones(3), SIZE)
ROWS = Rows(
    "new domains",
    "sentence",
    "inherited",
    GOLD,
    GOLD / 2,
    np.array(["a", "b", "b"] * 100),
    np.arange(SIZE, dtype=np.int64) // 3,
    np.array([20, 21, 500] * 100, np.int64),
)


def of(rows: Rows = ROWS, labels: np.ndarray = LABELS, probabilities: np.ndarray = PROBABILITIES) -> Figures:
    judgement = Judgement(labels, probabilities[:, -1], probabilities)
    return figures("it", rows, judgement, Resamples(rows.groups, rounds=50))


def test_the_figures_are_those_of_scikit_learn() -> None:
    found = of()
    precision, recall, f1, _ = precision_recall_fscore_support(GOLD, LABELS)
    assert found.macro_f1.value == pytest.approx(f1.mean())
    assert [each.value for each in found.precision.values()] == pytest.approx(precision.tolist())
    assert [each.value for each in found.recall.values()] == pytest.approx(recall.tolist())
    assert list(found.precision) == list(found.recall) == ["negative", "neutral", "positive"]
    assert found.absolute_error.value == pytest.approx(np.abs(PROBABILITIES[:, 2] - GOLD / 2).mean())
    assert np.array(found.confusion).sum() == found.rows == SIZE


def test_every_interval_holds_its_value() -> None:
    found = of()
    intervals = [found.macro_f1, found.absolute_error, *found.precision.values(), *found.recall.values()]
    intervals += [part.macro_f1 for part in found.slices]
    assert len(intervals) == 13
    assert all(each.low < each.value < each.high for each in intervals)


def test_slices_are_by_source_and_by_length() -> None:
    parts = {part.name: part for part in of().slices}
    assert {name: part.rows for name, part in parts.items()} == {
        "a": 100,
        "b": 200,
        "1-20 characters": 100,
        "21-40 characters": 100,
        "over 160 characters": 100,
    }
    of_b = np.arange(SIZE) % 3 > 0
    assert parts["b"].macro_f1.value == pytest.approx(macro_f1(GOLD[of_b], LABELS[of_b]))
    assert parts["1-20 characters"].macro_f1 == parts["a"].macro_f1


def test_a_single_source_is_no_slice() -> None:
    alone = replace(ROWS, sources=np.full(SIZE, "a"))
    assert {part.by for part in of(alone).slices} == {"length"}


def test_reviews_are_sliced_by_their_sentences() -> None:
    lengths = np.array([1, 3, 9] * 100, np.int64)
    reviews = Rows(
        "new domains", "review", "inherited", GOLD, GOLD / 2, ROWS.sources, np.arange(SIZE), lengths
    )
    names = [part.name for part in of(reviews).slices if part.by == "length"]
    assert names == ["1 sentence", "3-4 sentences", "over 8 sentences"]


def test_a_class_that_does_not_occur_has_no_recall() -> None:
    gold = np.where(GOLD == 1, 2, GOLD).astype(np.int8)
    two = replace(ROWS, gold=gold, targets=gold / 2)
    found = of(two)
    assert list(found.recall) == ["negative", "positive"]
    assert list(found.precision) == ["negative", "neutral", "positive"]
    assert found.precision["neutral"].value == 0


def test_a_score_alone_has_no_calibration_of_labels() -> None:
    assert of(probabilities=PROBABILITIES[:, :1]).label_calibration is None
    found = of().label_calibration
    assert found is not None
    right = (PROBABILITIES.argmax(axis=1) == GOLD).mean()
    assert sum(each.observed * each.rows for each in found.bins) == pytest.approx(right * SIZE)


def test_a_manifest_states_four_places() -> None:
    metric = of().metric
    assert (metric.dataset, metric.level, metric.preset, metric.rows) == (
        "new domains",
        "sentence",
        "inherited",
        300,
    )
    assert metric.macro_f1 == round(macro_f1(GOLD, LABELS), 4)
