import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from training.bootstrap import Interval, Resamples, macro_f1_interval, paired_difference
from training.measures import Classes, macro_f1

Judged = tuple[Classes, Classes, Classes]
judged = st.integers(1, 40).flatmap(
    lambda size: st.tuples(*[arrays(np.int8, size, elements=st.integers(0, 2))] * 3)
)


def random_rows(size: int, right: float, seed: int) -> tuple[Classes, Classes]:
    """Gold classes, and labels of which this share is right."""
    random = np.random.default_rng(seed)
    gold = random.integers(0, 3, size).astype(np.int8)
    labels = np.where(random.random(size) < right, gold, random.integers(0, 3, size)).astype(np.int8)
    return gold, labels


@given(judged)
def test_the_interval_is_that_of_rows_drawn_one_by_one(rows: Judged) -> None:
    gold, labels, groups = rows
    found = macro_f1_interval(gold, labels, groups, seed=5, rounds=20)
    names = np.unique(groups)
    random = np.random.default_rng(5)
    figures = []
    for _ in range(20):
        drawn = names[random.integers(0, len(names), len(names))]
        picked = np.concatenate([np.flatnonzero(groups == name) for name in drawn])
        figures.append(macro_f1(gold[picked], labels[picked]))
    low, high = np.percentile(figures, [2.5, 97.5])
    expected = (low, macro_f1(gold, labels), high)
    assert (found.low, found.value, found.high) == pytest.approx(expected)


def test_rows_of_one_group_tell_less_than_as_many_alone() -> None:
    gold, labels = (np.repeat(column, 10) for column in random_rows(200, 0.5, seed=1))
    together = macro_f1_interval(gold, labels, np.repeat(np.arange(200), 10))
    alone = macro_f1_interval(gold, labels, np.arange(2000))
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    truth = macro_f1(*random_rows(200_000, 0.6, seed=0))
    covered = 0
    for seed in range(100):
        found = macro_f1_interval(*random_rows(300, 0.6, seed + 1), np.arange(300), rounds=200)
        covered += found.low <= truth <= found.high
    assert 88 <= covered <= 99


def test_a_better_classifier_is_told_from_a_worse_one_and_not_from_itself() -> None:
    gold, ours = random_rows(2000, 0.8, seed=2)
    worse = np.where(np.arange(2000) % 10 == 0, (gold + 1) % 3, ours).astype(np.int8)
    groups = np.arange(2000) // 4
    better = paired_difference(gold, ours, worse, groups)
    assert 0 < better.low < better.value < better.high
    assert better.value == pytest.approx(macro_f1(gold, ours) - macro_f1(gold, worse))
    assert paired_difference(gold, worse, ours, groups).high < 0
    assert paired_difference(gold, ours, ours, groups) == Interval(0, 0, 0)


def test_a_paired_difference_is_surer_than_two_intervals() -> None:
    gold, ours = random_rows(500, 0.6, seed=4)
    theirs = np.where(np.arange(500) % 50 == 0, (gold + 1) % 3, ours).astype(np.int8)
    alone = macro_f1_interval(gold, ours, np.arange(500))
    paired = paired_difference(gold, ours, theirs, np.arange(500))
    assert paired.high - paired.low < (alone.high - alone.low) / 2


def test_the_same_seed_gives_the_same_draws() -> None:
    gold, labels = random_rows(100, 0.5, seed=6)
    once, again, other = (macro_f1_interval(gold, labels, np.arange(100), seed) for seed in (1, 1, 2))
    assert once == again
    assert once != other


def test_several_figures_of_counts_and_totals_at_once() -> None:
    groups = np.array(["b", "a", "b", "c"])
    resamples = Resamples(groups, rounds=10)
    counts = resamples.counts(np.array([0, 1, 1, 1]), 2)
    totals = resamples.totals(np.array([1.0, 2.0, 4.0, 8.0]))
    assert np.hstack([counts, totals]).tolist() == [[0, 1, 2], [1, 1, 5], [0, 1, 8]]
    found = resamples.intervals(np.hstack([counts, totals]), lambda sums: sums * 2)
    assert [interval.value for interval in found] == [2, 6, 30]
    assert found[2].low < 30 < found[2].high


def test_without_a_row_there_is_no_figure() -> None:
    nothing = np.empty(0, np.int8)
    with pytest.raises(ValueError, match="expected at least one row"):
        macro_f1_interval(nothing, nothing, nothing)
