"""How far the newest reviews are from those that the model's manifest describes, over a sliding window."""

import math
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_app.core.drift import Histogram, stability_index
from stream_app.histograms import Series

MIN_REVIEWS: Final = 1000
"""With fewer, chance alone gives a figure that looks like drift."""

_WINDOW_S = 3600.0
_SNAPSHOTS_PER_WINDOW = 60


class _Snapshot(NamedTuple):
    """The counts since the beginning, as they were at a time."""

    at: float
    counts: NDArray[np.int64]


class DriftWindow:
    """One feature of the newest reviews: of the last hour, and of MIN_REVIEWS at the least. Thread-safe.

    Values are only kept when they are observed; they are counted and compared when somebody asks.

    Args:
        clock: seconds that never run backwards.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = Lock()
        self.compare_with(None)

    def compare_with(self, reference: Histogram | None) -> None:
        """Begin anew with the reference of another model; without one there is nothing to compare."""
        edges = reference.edges[1:-1] if reference else ()
        # A series' bounds belong to the bin below, a reference's edges to the bin above.
        series = Series([float(np.nextafter(edge, -math.inf)) for edge in edges])
        with self._lock:
            self._reference = np.array(reference.counts, np.int64) if reference else None
            self._series = series
            self._snapshots = deque([_Snapshot(self._clock(), series.counts())])

    def observe_all(self, values: NDArray[np.float64] | NDArray[np.int64]) -> None:
        """One value a review."""
        if self._reference is not None:
            self._series.observe_all(values)

    def psi(self) -> float:
        """The population stability index of the window; NaN until there are enough reviews."""
        with self._lock:
            if self._reference is None:
                return math.nan
            now, counts = self._clock(), self._series.counts()
            self._slide(now, counts)
            observed = counts - self._snapshots[0].counts
            return stability_index(self._reference, observed) if observed.sum() >= MIN_REVIEWS else math.nan

    def _slide(self, now: float, counts: NDArray[np.int64]) -> None:
        newest = self._snapshots[-1]
        is_due = now - newest.at >= _WINDOW_S / _SNAPSHOTS_PER_WINDOW
        if is_due and counts.sum() > newest.counts.sum():
            self._snapshots.append(_Snapshot(now, counts))
        while len(self._snapshots) > 1 and self._reaches_far_enough(self._snapshots[1], now, counts):
            self._snapshots.popleft()

    @staticmethod
    def _reaches_far_enough(start: _Snapshot, now: float, counts: NDArray[np.int64]) -> bool:
        return now - start.at >= _WINDOW_S and counts.sum() - start.counts.sum() >= MIN_REVIEWS
