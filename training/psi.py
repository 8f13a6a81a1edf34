"""The population stability index: how far two histograms are apart.

Where there is no shift at all it is about chi-squared(bins - 1) times (1/n + 1/m) for windows of n and
references of m (Yurdakul, Statistical Properties of Population Stability Index, 2018).
"""

from typing import Final

import numpy as np
from scipy.stats import chi2

from stream_app.core.drift import Histogram, stability_index

CONFIDENCE: Final = 0.99


def psi(reference: Histogram, window: Histogram) -> float:
    """The index of two histograms of the same edges, neither of them empty."""
    return stability_index(np.array(reference.counts), np.array(window.counts))


def bins(reference: Histogram, window: Histogram) -> int:
    """How many bins any of them fills."""
    return sum(any(counts) for counts in zip(reference.counts, window.counts, strict=True))


def psi_noise(bins: int, window: int, reference: int) -> float:
    """What the index stays below without any shift, at CONFIDENCE.

    Args:
        bins: how many there are.
        window: number of independent cases in it.
        reference: number of independent cases in it.
    """
    return float(chi2.ppf(CONFIDENCE, max(bins - 1, 1))) * (1 / window + 1 / reference)
