"""Calibration: whether what is said with a probability happens as often."""

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

BINS: Final = 10


class Bin(Struct, frozen=True):
    """Rows whose predictions lie close together.

    Attributes:
        predicted: mean prediction.
        observed: mean of what came true.
        rows: how many.
    """

    predicted: float
    observed: float
    rows: int


class Calibration(Struct, frozen=True):
    """Expected calibration error, and the bins of the reliability diagram that it sums up.

    It carries no interval: a resample is calibrated worse than the set it is drawn from, so the bootstrap's
    interval would lie too high.
    """

    error: float
    bins: tuple[Bin, ...]


def calibration(predicted: NDArray[np.float64], observed: NDArray[np.float64]) -> Calibration:
    """Of predictions in ten bins of equal width (Guo et al., On Calibration of Modern Neural Networks, 2017).

    Args:
        predicted: in [0, 1], shape (n,).
        observed: what came true, in [0, 1], shape (n,).
    """
    places = np.minimum((predicted * BINS).astype(np.int64), BINS - 1)
    counts = np.bincount(places, minlength=BINS)
    sums = [np.bincount(places, values, minlength=BINS) for values in (predicted, observed)]
    error = np.abs(sums[0] - sums[1]).sum() / len(predicted)
    bins = [
        Bin(float(sums[0][at] / counts[at]), float(sums[1][at] / counts[at]), int(counts[at]))
        for at in np.flatnonzero(counts)
    ]
    return Calibration(float(error), tuple(bins))
