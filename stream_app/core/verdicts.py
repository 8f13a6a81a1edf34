"""From probabilities to labels and scores, for sentences and for their reviews."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from numba import types
from numba.extending import register_jitable
from numpy.typing import NDArray

from stream_app.core.compilation import compiled

_NEUTRAL = 1
_PLACES = 1e6  # scores have six places

_Rows = types.float64[:, ::1]
_Values = types.Array(types.float64, 1, "C", readonly=True)
_Labels = types.int8[::1]
_Scores = types.float64[::1]
_Counts = types.int64[::1]


class Verdicts(NamedTuple):
    """What is said of each sentence and of each review.

    Attributes:
        sentence_labels: int8, indices into LABELS.
        sentence_scores: float64 in [0, 1], of six places.
        labels: the same for the reviews.
        scores: the same for the reviews.
    """

    sentence_labels: NDArray[np.int8]
    sentence_scores: NDArray[np.float64]
    labels: NDArray[np.int8]
    scores: NDArray[np.float64]


@register_jitable
def _positivity(row: NDArray[np.float64]) -> float:
    """P(positive) + P(neutral) / 2, or the one score that there is."""
    score: float = row[0] if len(row) == 1 else min(row[2] + row[1] / 2, 1.0)
    return score


@register_jitable
def _label(row: NDArray[np.float64], values: NDArray[np.float64]) -> int:
    """By cuts if there are two values, else by biases of the three classes."""
    if len(values) == 2:  # noqa: PLR2004 - two cuts part three classes
        score = _positivity(row)
        return int(score >= values[0]) + int(score > values[1])
    best, most = 0, np.log(row[0]) + values[0]
    for label in range(1, len(row)):
        value = np.log(row[label]) + values[label]  # the logarithm of 0 is a class that cannot win
        if value > most:
            best, most = label, value
    return best


def _label_rows(rows: NDArray[np.float64], values: NDArray[np.float64], labels: NDArray[np.int8]) -> None:
    for row in range(len(rows)):
        labels[row] = _label(rows[row], values)


def _decide(  # noqa: PLR0913, PLR0917 - arrays are cheaper to pass one by one
    rows: NDArray[np.float64],
    counts: NDArray[np.int64],
    sentence_values: NDArray[np.float64],
    review_values: NDArray[np.float64],
    sentence_labels: NDArray[np.int8],
    sentence_scores: NDArray[np.float64],
    labels: NDArray[np.int8],
    scores: NDArray[np.float64],
) -> None:
    """Fill the last four; a review's probabilities are the mean of its sentences'."""
    sentence = 0
    mean = np.empty(rows.shape[1])
    for review in range(len(counts)):
        mean[:] = 0
        for _ in range(counts[review]):
            row = rows[sentence]
            mean += row
            sentence_labels[sentence] = _label(row, sentence_values)
            sentence_scores[sentence] = np.rint(_positivity(row) * _PLACES) / _PLACES
            sentence += 1
        mean /= counts[review]
        labels[review] = _label(mean, review_values)
        scores[review] = np.rint(_positivity(mean) * _PLACES) / _PLACES


@cache
def _compiled_label_rows() -> Callable[..., None]:
    return compiled(_label_rows, _Rows, _Values, _Labels)


@cache
def _compiled_decide() -> Callable[..., None]:
    outputs = (_Labels, _Scores, _Labels, _Scores)
    return compiled(_decide, _Rows, _Counts, _Values, _Values, *outputs)


def label_rows(probabilities: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.int8]:
    """Indices into LABELS, shape (n,), of probabilities of shape (n, 3) or, for two cuts, (n, 1)."""
    labels = np.empty(len(probabilities), np.int8)
    _compiled_label_rows()(np.ascontiguousarray(probabilities, np.float64), values, labels)
    return labels


def decide(
    probabilities: NDArray[np.float64],
    counts: NDArray[np.int64],
    sentence_values: NDArray[np.float64],
    review_values: NDArray[np.float64],
) -> Verdicts:
    """The labels and scores of sentences, and of reviews, by the mean of their sentences' probabilities.

    Args:
        probabilities: of the sentences, shape (n, 3) or, for two cuts, (n, 1).
        counts: how many of them each review has.
        sentence_values: three class biases or two cuts.
        review_values: the same for reviews.
    """
    sentences, reviews = len(probabilities), len(counts)
    verdicts = Verdicts(
        np.empty(sentences, np.int8), np.empty(sentences), np.empty(reviews, np.int8), np.empty(reviews)
    )
    _compiled_decide()(probabilities, counts, sentence_values, review_values, *verdicts)
    return verdicts
