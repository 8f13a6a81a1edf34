"""The population stability index: how far two histograms are apart.

It is sum((w - r) ln(w / r)) over the bins, with w and r the shares of the window and of the reference: below
.1 stable, from .25 on a shift that asks for a new model (Siddiqi, Credit Risk Scorecards, 2006). Where there
is no shift at all it is about chi-squared(bins - 1) times (1/n + 1/m) for windows of n and references of m
(Yurdakul, Statistical Properties of Population Stability Index, 2018).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from stream_app.core.manifest import Histogram

CONFIDENCE: Final = 0.99


def psi(reference: Histogram, window: Histogram) -> float:
    """The index; a bin that only one of them fills counts as half a case in the other.

    Args:
        reference: not empty.
        window: of the same edges, not empty.
    """
    counts = _filled(reference, window)
    r, w = counts / counts.sum(axis=1, keepdims=True)
    return float(((w - r) * np.log(w / r)).sum())


def bins(reference: Histogram, window: Histogram) -> int:
    """How many bins any of them fills."""
    return len(_filled(reference, window)[0])


def psi_noise(bins: int, window: int, reference: int) -> float:
    """What the index stays below without any shift, at CONFIDENCE.

    Args:
        bins: how many there are.
        window: number of independent cases in it.
        reference: number of independent cases in it.
    """
    return float(chi2.ppf(CONFIDENCE, max(bins - 1, 1))) * (1 / window + 1 / reference)


def _filled(reference: Histogram, window: Histogram) -> NDArray[np.float64]:
    """The counts of the bins that any of them fills, at least half a case each; shape (2, bins)."""
    counts = np.array([reference.counts, window.counts], np.float64)
    return np.maximum(counts[:, counts.any(axis=0)], 0.5)
