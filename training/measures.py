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
    counts = confusion(gold, labels)
    occurring = counts.sum(axis=1) > 0
    f1 = 2 * counts.diagonal() / np.maximum(counts.sum(axis=0) + counts.sum(axis=1), 1)
    return float(f1[occurring].mean())


def review_means(probabilities: NDArray[np.float64], reviews: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean probabilities per review, of sentences that stand review after review."""
    starts = np.flatnonzero(np.diff(reviews, prepend=-1))
    counts = np.diff(np.append(starts, len(reviews)))
    means: NDArray[np.float64] = np.add.reduceat(probabilities, starts, axis=0) / counts[:, np.newaxis]
    return means
