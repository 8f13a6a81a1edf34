"""Intervals of figures by the bootstrap.

Percentile intervals (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13). Whole groups
are drawn, since the sentences of a review are not independent of each other. Every figure is a function of
sums over rows, so a round costs one product with the sums of the groups, not a pass over the rows.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from stream_app.core.scoring import LABELS
from training.measures import Classes, macro_f1_of

ROUNDS: Final = 1000
BLOCK: Final = 50  # rounds whose draws are float64 at a time
PERCENTILES: Final = (2.5, 97.5)
PAIRS: Final = len(LABELS) ** 2

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Statistic = Callable[[Floats], Floats]


class Interval(Struct, frozen=True):
    """A figure and the ends of its 95 % interval."""

    low: float
    value: float
    high: float


class Resamples:
    """Groups drawn with replacement, as many as there are, round after round.

    The same groups, seed and rounds give the same draws, so figures of two classifiers can be compared.

    Args:
        groups: of each row, what names its group; shape (n,).
        seed: of the draws.
        rounds: how often to draw.

    Raises:
        ValueError: there is no row.
    """

    def __init__(self, groups: NDArray[Any], seed: int = 0, rounds: int = ROUNDS) -> None:
        if not len(groups):
            raise ValueError("groups: expected at least one row")
        names, self._group_of_row = np.unique(groups, return_inverse=True)
        self._size = len(names)
        random = np.random.default_rng(seed)
        self._draws = np.empty((rounds, self._size), np.uint16)
        for draw in self._draws:
            draw[:] = np.bincount(random.integers(0, self._size, self._size), minlength=self._size)

    def counts(self, codes: Codes, kinds: int) -> Floats:
        """How often each code from 0 to kinds - 1 occurs in each group; shape (groups, kinds)."""
        places = self._group_of_row * kinds + codes
        return np.bincount(places, minlength=self._size * kinds).reshape(self._size, kinds).astype(np.float64)

    def totals(self, values: Floats) -> Floats:
        """The sum of the rows' values in each group; shape (groups, 1)."""
        totals = np.bincount(self._group_of_row, values.astype(np.float64), minlength=self._size)
        return totals[:, np.newaxis].astype(np.float64)

    def interval(self, of_groups: Floats, statistic: Statistic) -> Interval:
        """The interval of one figure.

        Args:
            of_groups: what each group adds to each sum; shape (groups, sums).
            statistic: from sums of shape (..., sums) to figures of shape (...).
        """
        return self.intervals(of_groups, lambda sums: statistic(sums)[..., np.newaxis])[0]

    def intervals(self, of_groups: Floats, statistic: Statistic) -> list[Interval]:
        """The intervals of several figures of the same sums.

        Args:
            of_groups: what each group adds to each sum; shape (groups, sums).
            statistic: from sums of shape (..., sums) to figures of shape (..., figures).
        """
        blocks = range(0, len(self._draws), BLOCK)
        sums = [self._draws[at : at + BLOCK].astype(np.float64) @ of_groups for at in blocks]
        low, high = np.percentile(statistic(np.concatenate(sums)), PERCENTILES, axis=0)
        values = statistic(of_groups.sum(axis=0))
        return [Interval(*ends) for ends in zip(low.tolist(), values.tolist(), high.tolist(), strict=True)]


def confusion_codes(gold: Classes, labels: Classes) -> Codes:
    """The place of each row in the confusion, gold class by gold class: 0 to 8."""
    return gold.astype(np.int64) * len(LABELS) + labels


def as_confusion(sums: Floats) -> Floats:
    """Counts of `confusion_codes`, shape (..., 9), as matrices of shape (..., 3, 3)."""
    return sums.reshape(*sums.shape[:-1], len(LABELS), len(LABELS))


def macro_f1_interval(
    gold: Classes, labels: Classes, groups: NDArray[Any], seed: int = 0, rounds: int = ROUNDS
) -> Interval:
    """Macro-F1 over the classes that occur, with its 95 % interval.

    Args:
        gold: classes, shape (n,).
        labels: what a classifier said of the same rows.
        groups: of each row, its review or whatever must be drawn as a whole.
        seed: of the draws.
        rounds: how often to draw.

    Raises:
        ValueError: there is no row.
    """
    resamples = Resamples(groups, seed, rounds)
    of_groups = resamples.counts(confusion_codes(gold, labels), PAIRS)
    return resamples.interval(of_groups, lambda sums: macro_f1_of(as_confusion(sums)))


def paired_difference(  # noqa: PLR0913, PLR0917 - two classifiers on one set, drawn together
    gold: Classes,
    ours: Classes,
    theirs: Classes,
    groups: NDArray[Any],
    seed: int = 0,
    rounds: int = ROUNDS,
) -> Interval:
    """How much higher our macro-F1 is than theirs, on the same draws.

    Args:
        gold: classes, shape (n,).
        ours: labels of the same rows.
        theirs: labels of the same rows.
        groups: of each row, its review or whatever must be drawn as a whole.
        seed: of the draws.
        rounds: how often to draw.

    Raises:
        ValueError: there is no row.
    """
    resamples = Resamples(groups, seed, rounds)
    of_groups = np.hstack([resamples.counts(confusion_codes(gold, each), PAIRS) for each in (ours, theirs)])
    return resamples.interval(of_groups, _difference)


def _difference(sums: Floats) -> Floats:
    ours, theirs = np.split(sums, 2, axis=-1)
    return macro_f1_of(as_confusion(ours)) - macro_f1_of(as_confusion(theirs))
