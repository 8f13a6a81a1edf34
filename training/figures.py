"""All figures of what one classifier said of one held-out set."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from stream_app.core.manifest import Metric, Preset
from stream_app.core.scoring import LABELS
from training.bootstrap import PAIRS, Floats, Interval, Resamples, as_confusion, confusion_codes
from training.calibration import Calibration, calibration
from training.held_out import Level, Rows
from training.measures import Classes, confusion, macro_f1_of, precision_of, recall_of

# Upper ends of the slices by length: characters of a sentence, sentences of a review.
LENGTHS: Final[dict[Level, tuple[int, ...]]] = {"sentence": (20, 40, 80, 160), "review": (1, 2, 4, 8)}
UNITS: Final[dict[Level, str]] = {"sentence": "characters", "review": "sentences"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a classifier says of rows.

    Attributes:
        labels: indices into LABELS, shape (n,).
        scores: in [0, 1], shape (n,).
        probabilities: shape (n, 3), or (n, 1) of a classifier with one score.
    """

    labels: Classes
    scores: Floats
    probabilities: Floats


class Slice(Struct, frozen=True):
    """Macro-F1 on a part of the rows.

    Attributes:
        by: `source` or `length`.
        name: which part.
        rows: how many.
        macro_f1: over the classes that occur in the part.
    """

    by: Literal["source", "length"]
    name: str
    rows: int
    macro_f1: Interval


class Figures(Struct, frozen=True, kw_only=True):
    """How good a classifier is on a held-out set, at one level.

    Attributes:
        classifier: its name.
        dataset: name of the held-out set.
        level: sentences one at a time, or reviews by the mean of their sentences.
        preset: the decisions used.
        rows: number of sentences or reviews.
        macro_f1: mean of the F1 of the classes that occur.
        precision: by label.
        recall: by label, of the labels that occur.
        absolute_error: mean distance of the score from the rating scaled to [0, 1] (human labels: 0, .5, 1).
        score_calibration: of the score, as a forecast of the scaled rating.
        label_calibration: of the highest probability, as a forecast that its class is right; None for a
            classifier without three probabilities.
        confusion: counts; rows are the gold classes, columns the labels.
        slices: macro-F1 by source and by length.
    """

    classifier: str
    dataset: str
    level: Level
    preset: Preset
    rows: int
    macro_f1: Interval
    precision: dict[str, Interval]
    recall: dict[str, Interval]
    absolute_error: Interval
    score_calibration: Calibration
    label_calibration: Calibration | None
    confusion: tuple[tuple[int, ...], ...]
    slices: tuple[Slice, ...]

    @property
    def metric(self) -> Metric:
        """The figure as a manifest states it."""
        f1 = round(self.macro_f1.value, 4)
        return Metric(self.dataset, self.level, self.preset, f1, self.rows)


def figures(classifier: str, rows: Rows, judgement: Judgement, resamples: Resamples) -> Figures:
    """Every figure, with intervals.

    Args:
        classifier: its name.
        rows: what was labelled.
        judgement: what the classifier said of these rows.
        resamples: of the groups of these rows.
    """
    counts = resamples.counts(confusion_codes(rows.gold, judgement.labels), PAIRS)
    f1, *shares = resamples.intervals(counts, _of_confusion)
    matrix = confusion(rows.gold, judgement.labels)
    return Figures(
        classifier=classifier,
        dataset=rows.dataset,
        level=rows.level,
        preset=rows.preset,
        rows=len(rows.gold),
        macro_f1=f1,
        precision=_by_label(shares[: len(LABELS)], matrix.sum(axis=0)),
        recall=_by_label(shares[len(LABELS) :], matrix.sum(axis=1)),
        absolute_error=_mean(resamples, np.abs(judgement.scores - rows.targets)),
        score_calibration=calibration(judgement.scores, rows.targets),
        label_calibration=_label_calibration(rows.gold, judgement.probabilities),
        confusion=tuple(map(tuple, matrix.tolist())),
        slices=tuple(_slices(rows, judgement.labels, resamples)),
    )


def _of_confusion(sums: Floats) -> Floats:
    """Macro-F1, then precision and recall of each class; shape (..., 7)."""
    counts = as_confusion(sums)
    f1 = macro_f1_of(counts)[..., np.newaxis]
    return np.concatenate([f1, precision_of(counts), recall_of(counts)], axis=-1)


def _by_label(intervals: list[Interval], counts: NDArray[np.int64]) -> dict[str, Interval]:
    """Of the labels that occur."""
    labelled = zip(LABELS, intervals, counts.tolist(), strict=True)
    return {label: interval for label, interval, count in labelled if count}


def _mean(resamples: Resamples, values: Floats) -> Interval:
    totals = np.hstack([resamples.totals(values), resamples.totals(np.ones(len(values)))])
    return resamples.interval(totals, lambda sums: sums[..., 0] / sums[..., 1])


def _label_calibration(gold: Classes, probabilities: Floats) -> Calibration | None:
    if probabilities.shape[1] < len(LABELS):
        return None
    right = probabilities.argmax(axis=1) == gold
    return calibration(probabilities.max(axis=1), right.astype(np.float64))


def _slices(rows: Rows, labels: Classes, resamples: Resamples) -> Iterator[Slice]:
    """By source, when there are several, and by length."""
    sources, source_codes = np.unique(rows.sources, return_inverse=True)
    if len(sources) > 1:
        yield from _sliced("source", sources.tolist(), source_codes, rows, labels, resamples)
    edges = LENGTHS[rows.level]
    length_codes = np.searchsorted(edges, rows.lengths)
    yield from _sliced("length", _length_names(rows.level), length_codes, rows, labels, resamples)


def _sliced(  # noqa: PLR0913, PLR0917 - one slicing of one judgement
    by: Literal["source", "length"],
    names: list[str],
    codes: NDArray[Any],
    rows: Rows,
    labels: Classes,
    resamples: Resamples,
) -> Iterator[Slice]:
    places = codes * PAIRS + confusion_codes(rows.gold, labels)
    counts = resamples.counts(places, len(names) * PAIRS)
    found = resamples.intervals(counts, partial(_macro_f1_by_slice, slices=len(names)))
    sizes = np.bincount(codes, minlength=len(names)).tolist()
    for name, size, f1 in zip(names, sizes, found, strict=True):
        if size:
            yield Slice(by, name, size, f1)


def _macro_f1_by_slice(sums: Floats, slices: int) -> Floats:
    """Shape (..., slices), of counts of shape (..., slices * 9)."""
    return macro_f1_of(as_confusion(sums.reshape(*sums.shape[:-1], slices, PAIRS)))


def _length_names(level: Level) -> list[str]:
    """As `1 sentence`, `3-4 sentences`, `over 8 sentences`."""
    edges, unit = LENGTHS[level], UNITS[level]
    lows = [1, *(edge + 1 for edge in edges)]
    spans = [str(low) if low == high else f"{low}-{high}" for low, high in zip(lows, edges, strict=False)]
    return [f"{span} {unit.removesuffix('s') if span == '1' else unit}" for span in spans] + [
        f"over {edges[-1]} {unit}"
    ]
