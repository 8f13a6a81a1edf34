"""Intervals of figures by the bootstrap.

Percentile intervals (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13). Whole groups
are drawn, since the sentences of a review are not independent of each other. Every figure is a function of
sums over rows, so a round costs one product with the sums of the groups, not a pass over the rows.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_app.core.scoring import LABELS
from training.measures import Classes, macro_f1_of

ROUNDS: Final = 1000
BLOCK: Final = 50  # rounds whose draws are float64 at a time
PERCENTILES: Final = (2.5, 97.5)

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]


class Interval(NamedTuple):
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
        size = len(names)
        random = np.random.default_rng(seed)
        self._draws = np.empty((rounds, size), np.uint16)
        for draw in self._draws:
            draw[:] = np.bincount(random.integers(0, size, size), minlength=size)

    def interval(self, rows: Floats, statistic: Statistic) -> Interval:
        """The interval of one figure.

        Args:
            rows: what each row adds to each sum; shape (n, sums).
            statistic: from sums of shape (..., sums) to figures of shape (...).
        """
        return self.intervals(rows, lambda sums: statistic(sums)[..., np.newaxis])[0]

    def intervals(self, rows: Floats, statistic: Statistic) -> list[Interval]:
        """The intervals of several figures of the same sums.

        Args:
            rows: what each row adds to each sum; shape (n, sums).
            statistic: from sums of shape (..., sums) to figures of shape (..., figures).
        """
        values = statistic(rows.sum(axis=0))
        low, high = np.percentile(statistic(self._sums(rows)), PERCENTILES, axis=0)
        return [Interval(*ends) for ends in zip(low.tolist(), values.tolist(), high.tolist(), strict=True)]

    def _sums(self, rows: Floats) -> Floats:
        """The sums of each round; shape (rounds, sums)."""
        size = self._draws.shape[1]
        columns = [np.bincount(self._group_of_row, column, minlength=size) for column in rows.T]
        of_groups = np.stack(columns, axis=1)
        blocks = range(0, len(self._draws), BLOCK)
        return np.concatenate([self._draws[at : at + BLOCK].astype(np.float64) @ of_groups for at in blocks])


def confusion_rows(gold: Classes, labels: Classes) -> Floats:
    """What each row adds to the nine counts of the confusion, gold class by gold class; shape (n, 9)."""
    size = len(LABELS)
    rows: Floats = np.eye(size * size)[gold.astype(np.int64) * size + labels]
    return rows


def as_confusion(sums: Floats) -> Floats:
    """Sums of `confusion_rows`, shape (..., 9), as matrices of shape (..., 3, 3)."""
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
    return Resamples(groups, seed, rounds).interval(
        confusion_rows(gold, labels), lambda sums: macro_f1_of(as_confusion(sums))
    )


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
    rows = np.hstack([confusion_rows(gold, ours), confusion_rows(gold, theirs)])
    return Resamples(groups, seed, rounds).interval(rows, _difference)


def _difference(sums: Floats) -> Floats:
    ours, theirs = np.split(sums, 2, axis=-1)
    return macro_f1_of(as_confusion(ours)) - macro_f1_of(as_confusion(theirs))
