"""Figures of a classifier."""

import numpy as np
from numpy.typing import NDArray

from stream_app.core.scoring import LABELS

Classes = NDArray[np.int8]


def confusion(gold: Classes, labels: Classes) -> NDArray[np.int64]:
    """Counts of shape (3, 3): rows are the gold classes, columns the labels."""
    size = len(LABELS)
    pairs = gold.astype(np.int64) * size + labels
    return np.bincount(pairs, minlength=size * size).reshape(size, size)


def macro_f1(gold: Classes, labels: Classes) -> float:
    """Mean F1 of the classes that occur in the gold labels."""
    return float(macro_f1_of(confusion(gold, labels)))


def macro_f1_of(counts: NDArray[np.generic]) -> NDArray[np.float64]:
    """Macro-F1 of each confusion of an array of shape (..., 3, 3); 0 for one without a row."""
    matrix = np.asarray(counts, np.float64)
    gold, labelled = matrix.sum(axis=-1), matrix.sum(axis=-2)
    f1 = 2 * np.diagonal(matrix, axis1=-2, axis2=-1) / np.maximum(gold + labelled, 1)
    occurring = gold > 0
    of_all: NDArray[np.float64] = (f1 * occurring).sum(axis=-1) / np.maximum(occurring.sum(axis=-1), 1)
    return of_all


def precision_of(counts: NDArray[np.generic]) -> NDArray[np.float64]:
    """Per class, the share of its labels that are right: shape (..., 3); 0 for a class never labelled."""
    return _shares(counts, axis=-2)


def recall_of(counts: NDArray[np.generic]) -> NDArray[np.float64]:
    """Per class, the share of its rows that are labelled so: shape (..., 3); 0 for a class without a row."""
    return _shares(counts, axis=-1)


def _shares(counts: NDArray[np.generic], axis: int) -> NDArray[np.float64]:
    matrix = np.asarray(counts, np.float64)
    right = np.diagonal(matrix, axis1=-2, axis2=-1)
    shares: NDArray[np.float64] = right / np.maximum(matrix.sum(axis=axis), 1)
    return shares


def review_means(probabilities: NDArray[np.float64], reviews: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean probabilities per review, of sentences that stand review after review."""
    starts = np.flatnonzero(np.diff(reviews, prepend=-1))
    counts = np.diff(np.append(starts, len(reviews)))
    means: NDArray[np.float64] = np.add.reduceat(probabilities, starts, axis=0) / counts[:, np.newaxis]
    return means
