"""Figures from measurements: quantiles, medians, rates and ratios. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Quantiles:
    """Latency in milliseconds."""

    p50: float
    p99: float
    p999: float


def quantile(values: Sequence[float] | NDArray[np.float64], share: float) -> float:
    """The smallest value that at least `share` of all values do not exceed (nearest rank).

    Raises:
        ValueError: there are no values, or the share is not in (0, 1].
    """
    if len(values) == 0 or not 0 < share <= 1:
        raise ValueError(f"expected values and a share in (0, 1], got {len(values)} values and {share}")
    # A share such as 0.99 is not exact in binary: 0.99 * 100 must not become rank 100.
    rank = ceil(round(share * len(values), 9))
    return float(np.sort(values)[rank - 1])


def quantiles(seconds: Sequence[float] | NDArray[np.float64]) -> Quantiles:
    """The quantiles of latencies given in seconds, in milliseconds."""
    return Quantiles(*(quantile(seconds, share) * 1000 for share in (0.50, 0.99, 0.999)))


def rate(appended_ms: NDArray[np.int64]) -> float:
    """Records per second: the slope of the line fitted through the number of records over time.

    Records may come one by one or in batches of thousands. First and last append alone would favour large
    batches, since the time that the first batch took lies before its append; the slope favours neither
    (least squares: the covariance of time and number over the variance of time).

    Args:
        appended_ms: when the broker appended each record, shape (records,), in any order.

    Raises:
        ValueError: all records came at once, so that there is no slope.
    """
    time_s = np.sort(appended_ms - appended_ms.min()) / 1000
    if time_s[-1] == 0:
        raise ValueError("all records were appended at once: no rate")
    deviation_s = time_s - time_s.mean()
    numbers = np.arange(len(time_s))
    return float((deviation_s @ numbers) / (deviation_s @ deviation_s))


class Sample(NamedTuple):
    """A look at running workers, all of them together.

    Attributes:
        results: so far.
        cpu_s: CPU seconds so far.
        memory: resident, in bytes (RSS).
        own_memory: the same, what is shared with other processes by shares (PSS).
    """

    results: int
    cpu_s: float
    memory: int
    own_memory: int


def cpu_us_per_review(samples: Sequence[Sample]) -> float:
    """CPU microseconds per review from the first sample that saw results to the last that saw new ones.

    The start of the process lies before it, the wait for the last commit behind it.

    Raises:
        ValueError: fewer than two samples differ.
    """
    seen = [sample for sample in samples if sample.results]
    growing = [now for before, now in pairwise(seen) if now.results > before.results]
    if not growing:
        raise ValueError("too few samples: the worker was done before it was looked at twice")
    first, last = seen[0], growing[-1]
    return (last.cpu_s - first.cpu_s) / (last.results - first.results) * 1e6


def median_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> float:
    """The median over rounds of one round's ratio: what disturbed both in a round cancels out.

    Raises:
        ValueError: the two have different lengths, or none.
    """
    if not numerators:
        raise ValueError("expected at least one round, got none")
    return median(above / below for above, below in zip(numerators, denominators, strict=True))
