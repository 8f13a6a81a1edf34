"""The product's core alone: microseconds per review of each stage, without Kafka."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, NamedTuple

from stream_app.core.pipeline import Rules, Stage, classify
from stream_app.core.scoring import Model

SLICES: Final = (1, 16, 128)
STAGES: Final[tuple[Stage, ...]] = ("decode", "split", "score", "encode")


class CoreRecord(NamedTuple):
    """A record as the core sees it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes
    headers: tuple[()] = ()


@dataclass(frozen=True)
class CoreCost:
    """Microseconds per review in slices of `slice_size`, the median over the repeats, by stage."""

    slice_size: int
    stages: dict[Stage, float]

    @property
    def total(self) -> float:
        """All four stages."""
        return sum(self.stages.values())


class _Stopwatch:
    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self.last = time.perf_counter()

    def ended(self, stage: Stage) -> None:
        now = time.perf_counter()
        self.seconds[stage] += now - self.last
        self.last = now


def core_records(values: Sequence[bytes]) -> list[CoreRecord]:
    """The values as records of one partition, each with a key."""
    return [
        CoreRecord("reviews.raw", 0, n, 1_700_000_000_000, b"%d" % n, value) for n, value in enumerate(values)
    ]


def core_cost(records: Sequence[CoreRecord], model: Model, slice_size: int, repeats: int) -> CoreCost:
    """Classify all records in slices, several times."""
    runs = [_run(records, model, slice_size) for _ in range(repeats)]
    return CoreCost(slice_size, {stage: median(run[stage] for run in runs) for stage in STAGES})


def _run(records: Sequence[CoreRecord], model: Model, slice_size: int) -> dict[Stage, float]:
    rules = Rules()
    watch = _Stopwatch()
    for start in range(0, len(records), slice_size):
        part = records[start : start + slice_size]
        watch.last = time.perf_counter()
        classify(part, model, rules, watch.ended)
    return {stage: seconds / len(records) * 1e6 for stage, seconds in watch.seconds.items()}


def mean_result_bytes(records: Sequence[CoreRecord], model: Model) -> int:
    """How large a result is, its value alone.

    Raises:
        ValueError: not every record became a result.
    """
    results = classify(records, model, Rules()).results
    if len(results) != len(records):
        raise ValueError(f"{len(records) - len(results)} of {len(records)} reviews became dead letters")
    return round(sum(len(result.value or b"") for result in results) / len(results))
