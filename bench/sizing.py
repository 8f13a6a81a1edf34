"""From the figures of one worker to groups: workers and partitions for a load, and what it moves."""

from collections.abc import Iterator, Mapping
from math import ceil
from typing import Final, NamedTuple

import numpy as np

from bench.competitors import PRODUCT
from bench.recovery import LIVE_RATE, RecoveryRun
from bench.results import Results, median_of
from bench.scale import PartitionsRun
from bench.simulation import Course, Group, Outcome, simulate
from bench.table import Table
from stream_app.settings import Settings

LOADS: Final = (10_000, 1_000_000, 100_000_000)
"""Reviews a minute."""

AT_HALF: Final = 0.5
"""A worker is given half of what it can do: room for a burst, and for the share of one that has ended."""

REPLICAS: Final = 3
_AT_LEAST: Final = 2
_PARTITIONS_OF_A_WORKER: Final = 2
_FEWEST_PARTITIONS: Final = 12
_BURST: Final = 3.0
_BURST_S: Final = 60.0
_QUIET_S: Final = 5.0
_WATCHED_S: Final = 240.0
_MEGA: Final = 1e6


class Size(NamedTuple):
    """A group for a load.

    Attributes:
        per_minute: reviews.
        group: workers, partitions, and what a worker can do with a core of its own.
    """

    per_minute: int
    group: Group

    @property
    def per_s(self) -> float:
        """Reviews a second."""
        return self.per_minute / 60


def size(per_minute: int, cpu_us: float) -> Size:
    """The group for a load, at least two workers so that one may end.

    Args:
        per_minute: reviews.
        cpu_us: microseconds of CPU a review; a worker works on one core.
    """
    can = 1e6 / cpu_us
    workers = max(_AT_LEAST, ceil(per_minute / 60 / (can * AT_HALF)))
    partitions = max(_FEWEST_PARTITIONS, workers * _PARTITIONS_OF_A_WORKER)
    return Size(per_minute, Group(workers, partitions, can))


def sizing_tables(results: Results) -> Iterator[Table]:
    """Sizes, what they move, how they bear a burst and an end, and the simulation beside a measured drain."""
    if not (results.throughput and results.partitions):
        return
    sizes = [size(load, median_of(results.throughput[PRODUCT], "cpu_us")) for load in LOADS]
    yield _groups(sizes, results)
    yield _traffic(sizes, results)
    yield _courses(sizes)
    if results.recovery:
        reviews_per_s = median_of(results.throughput[PRODUCT], "reviews_per_s")
        yield _beside_the_measured(results.recovery, reviews_per_s)


def _groups(sizes: list[Size], results: Results) -> Table:
    base, of_each = series(results.partitions)
    rows = [
        (
            f"{one.per_minute:,}",
            f"{one.per_s:,.0f}",
            f"{one.group.workers:,}",
            f"{one.per_s / one.group.workers / one.group.reviews_per_s:.0%}",
            f"{one.group.partitions:,}",
            f"{one.group.workers * base + one.group.partitions * of_each:,.0f}",
            f"{one.group.partitions / Settings.model_fields['commit_interval_s'].default:,.0f}",
        )
        for one in sizes
    ]
    columns = (
        "reviews a minute",
        "a second",
        "workers",
        "busy",
        "partitions",
        "series",
        "offsets committed a second",
    )
    return Table("sizes", "A group for a load, a core for each worker", columns, rows)


def series(partitions: Mapping[int, PartitionsRun]) -> tuple[float, float]:
    """Series of a worker without partitions, and of each partition: the line through what was counted."""
    counts = list(partitions)
    slope, base = np.polyfit(counts, [partitions[count].series for count in counts], 1)
    return float(base), float(slope)


def _traffic(sizes: list[Size], results: Results) -> Table:
    review, result = results.reviews.mean_bytes, median_of(results.throughput[PRODUCT], "result_bytes")
    rows = []
    for one in sizes:
        read, written = one.per_s * review / _MEGA, one.per_s * result / _MEGA
        stored = (read + written) * REPLICAS
        sent = read + (read + written) * (REPLICAS - 1)
        rows.append((f"{one.per_minute:,}", *(f"{figure:,.1f}" for figure in (read, written, stored, sent))))
    columns = (
        "reviews a minute",
        "reviews in",
        "results out",
        "written to disk by brokers",
        "sent by brokers",
    )
    title = f"What it moves, MB/s, uncompressed, {REPLICAS} replicas, one reader"
    return Table("traffic", title, columns, rows)


def _courses(sizes: list[Size]) -> Table:
    session_s = float(Settings.model_fields["session_timeout_s"].default)
    rows = []
    for one in sizes:
        burst = Course(
            one.per_s, _WATCHED_S, burst=_BURST, burst_from_s=_QUIET_S, burst_to_s=_QUIET_S + _BURST_S
        )
        end = Course(
            one.per_s, _WATCHED_S, ended=1, ended_at_s=_QUIET_S, taken_over_at_s=_QUIET_S + session_s
        )
        for course, title in (
            (burst, f"{_BURST:g} times as many for {_BURST_S:g} s"),
            (end, "one worker ends"),
        ):
            rows.append((f"{one.per_minute:,}", title, *_told(simulate(one.group, course))))
    columns = (
        "reviews a minute",
        "what happens",
        "wait at most",
        f"p99 of the wait in {_WATCHED_S:g} s, s",
        "longest, s",
        "in step again, s",
    )
    title = f"Simulated: a burst, and a worker that ends (noticed after {session_s:g} s)"
    return Table("courses", title, columns, rows)


def _told(outcome: Outcome) -> tuple[str, ...]:
    behind_s = max(0.0, outcome.behind_until_s - _QUIET_S)
    return (
        f"{outcome.most_waiting:,.0f}",
        f"{outcome.p99_s:.2f}",
        f"{outcome.longest_s:.1f}",
        f"{behind_s:.0f}",
    )


def _beside_the_measured(run: RecoveryRun, reviews_per_s: float) -> Table:
    group = Group(1, _FEWEST_PARTITIONS, reviews_per_s)
    simulated = simulate(group, Course(LIVE_RATE, _WATCHED_S, waiting=run.waiting))
    rows = [("measured", f"{run.drained_s:.1f}"), ("simulated", f"{simulated.behind_until_s:.1f}")]
    title = f"The simulation beside what was measured: {run.waiting:,} waiting reviews and one worker"
    return Table("simulated", title, ("", "drained after, s"), rows)
