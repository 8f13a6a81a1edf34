"""Histograms that take many values at once: a row of the metrics' table and its collector."""

from collections.abc import Sequence
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

_BUFFERED = 1024


class Row(NamedTuple):
    """One metric of the table.

    Attributes:
        help: What it counts and when to worry, for the person on call.
        labels: Names of its labels.
        values: Every value of its only label, where they are known: those series exist from the start, at 0.
        buckets: Upper bounds of a histogram, without +Inf.
    """

    help: str
    labels: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


class Series:
    """Buckets and sum of one series of a histogram, as in prometheus_client: a bound belongs to its bucket.

    Values wait in a buffer and are sorted into buckets many at a time, at the latest when somebody reads.
    Thread-safe.

    Args:
        bounds: upper bounds, ascending from zero or above, without +Inf.
    """

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = np.array([*bounds, np.inf])
        self._counts = np.zeros(self._bounds.size, dtype=np.int64)
        self._sum = 0.0
        self._buffer = np.empty(_BUFFERED)
        self._filled = 0
        self._lock = Lock()

    def observe(self, value: float, times: int = 1) -> None:
        """One value, so many times."""
        self._append(value, times)

    def observe_all(self, values: NDArray[np.float64] | NDArray[np.int64]) -> None:
        """Each value of an array, which is copied."""
        self._append(values, values.size)

    def counts(self) -> NDArray[np.int64]:
        """How many values each bucket holds alone, the one above the last bound too."""
        with self._lock:
            self._fold()
            return self._counts.copy()

    def read(self) -> tuple[list[tuple[str, float]], float]:
        """Upper bound and cumulative count of each bucket, and the sum of all values."""
        with self._lock:
            self._fold()
            counts, total = self._counts.cumsum().tolist(), self._sum
        return list(zip(map(floatToGoString, self._bounds), counts, strict=True)), total

    def _append(self, values: float | NDArray[np.float64] | NDArray[np.int64], count: int) -> None:
        with self._lock:
            if self._filled + count > self._buffer.size:
                self._fold()
                self._buffer = np.empty(max(count, _BUFFERED))
            end = self._filled + count
            self._buffer[self._filled : end] = values
            self._filled = end

    def _fold(self) -> None:
        values = self._buffer[: self._filled]
        places = np.searchsorted(self._bounds, values)
        # NaN is sorted behind +Inf: it is in the sum, but in no bucket.
        self._counts += np.bincount(places, minlength=self._bounds.size + 1)[: self._bounds.size]
        self._sum += float(values.sum())
        self._filled = 0


class BulkHistogram(Collector):
    """A histogram that takes an array of values for less than one `prometheus_client.Histogram.observe`.

    Args:
        name: full name of the metric.
        row: its help, its buckets and at most one label, with known values.

    Attributes:
        series: by the label's value; without a label, the only one is "".
    """

    def __init__(self, name: str, row: Row) -> None:
        self._name = name
        self._row = row
        self.series = {value: Series(row.buckets) for value in row.values or ("",)}

    def describe(self) -> list[Metric]:
        """The metric without its samples."""
        return [self._family()]

    def collect(self) -> list[Metric]:
        """The metric with its samples."""
        family = self._family()
        for value, series in self.series.items():
            family.add_metric([value], *series.read())
        return [family]

    def _family(self) -> HistogramMetricFamily:
        return HistogramMetricFamily(self._name, self._row.help, labels=self._row.labels)
