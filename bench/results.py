"""Everything that one run measured, and the file that keeps it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, Final

import msgspec

from bench.competitors import ECHO, PRODUCT
from bench.core_alone import CoreCost
from bench.cost_curves import Cost
from bench.latency import LatencyRun
from bench.plan import PARTS, Part, Plan
from bench.recovery import RecoveryRun
from bench.reviews import ROOT, ReviewsFacts
from bench.scale import PartitionsRun
from bench.statistics import median_ratio
from bench.throughput import BacklogRun
from bench.tuning import Trial

FOLDER: Final = ROOT / "bench" / "results"
TRACKED: Final = ROOT / "docs" / "benchmark.json"
"""What was kept last of each part: what the pages and the plot are made from."""

_BUSY_SHARE: Final = 0.1

Rounds = Mapping[str, Sequence[BacklogRun]]


@dataclass(frozen=True)
class Origin:
    """The run that a part comes from.

    Attributes:
        started_at: with its time zone.
        commit: of the working copy.
        machine_was_busy: whether others used the machine just before.
    """

    started_at: datetime
    commit: str
    machine_was_busy: bool


@dataclass(frozen=True)
class Results:
    """One run. What was not measured is empty.

    Attributes:
        started_at: with its time zone.
        took_s: seconds.
        parts: what was asked for.
        plan: how much was measured.
        machine: what it ran on.
        commit: of the working copy.
        versions: of the product and what it stands on.
        peers: versions in the peers' environment.
        reviews: what was classified.
        how: what each competitor did, by name.
        origins: where parts come from that were kept of former runs.
        failed: parts that could not be measured, and why.
        sweeps: trials of each peer's tuning, the best first.
        throughput: runs of each competitor, round by round.
        layers: the same, of those that have the product's scorer.
        latency: by reviews a second: runs of each competitor, round by round.
        recovery: after a pause.
        workers: by the number of workers in a group, round by round.
        partitions: by the number of a topic's partitions.
        starts: seconds to the first result.
        profile: microseconds of the worker's CPU time per review by part, the largest first.
        core: the core alone.
        core_cpu_us: the same in slices of 128 as CPU time, microseconds a review; 0: not measured.
        lengths, sentences, slices: what a review costs there by its characters, its sentences, the slice.
    """

    started_at: datetime
    took_s: float
    parts: Sequence[Part]
    plan: Plan
    machine: Mapping[str, Any]
    commit: str
    versions: Mapping[str, str]
    peers: Mapping[str, str]
    reviews: ReviewsFacts
    how: Mapping[str, str]
    origins: Mapping[Part, Origin] = field(default_factory=dict)
    failed: Mapping[Part, str] = field(default_factory=dict)
    sweeps: Mapping[str, Sequence[Trial]] = field(default_factory=dict)
    throughput: Rounds = field(default_factory=dict)
    layers: Rounds = field(default_factory=dict)
    latency: Mapping[int, Mapping[str, Sequence[LatencyRun]]] = field(default_factory=dict)
    recovery: RecoveryRun | None = None
    workers: Mapping[int, Sequence[BacklogRun]] = field(default_factory=dict)
    partitions: Mapping[int, PartitionsRun] = field(default_factory=dict)
    starts: Sequence[float] = ()
    profile: Mapping[str, float] = field(default_factory=dict)
    core: Sequence[CoreCost] = ()
    core_cpu_us: float = 0.0
    lengths: Sequence[Cost] = ()
    sentences: Sequence[Cost] = ()
    slices: Sequence[Cost] = ()

    def origin(self, part: Part) -> Origin:
        """The run that a part comes from."""
        was_busy = bool(self.machine["busy_before"] > _BUSY_SHARE)
        return self.origins.get(part, Origin(self.started_at, self.commit, was_busy))

    @property
    def origins_of_all(self) -> dict[Origin, list[Part]]:
        """The runs, the last first, and the parts that come from each."""
        grouped: dict[Origin, list[Part]] = {}
        for part in sorted({*self.parts, *self.origins}, key=PARTS.index):
            grouped.setdefault(self.origin(part), []).append(part)
        return dict(sorted(grouped.items(), key=lambda one: one[0].started_at, reverse=True))

    @property
    def valid(self) -> bool:
        """Whether every part was measured, and in every run each review got its one result, a good one."""
        return not self.failed and all(run.valid for run in self._runs())

    def _runs(self) -> Iterator[BacklogRun | LatencyRun | RecoveryRun]:
        for runs in (*self.throughput.values(), *self.layers.values(), *self.workers.values()):
            yield from runs
        yield from (one.run for one in self.partitions.values())
        yield from () if self.recovery is None else (self.recovery,)
        for competitors in self.latency.values():
            for timed in competitors.values():
                yield from timed

    def p99_against_echo(self, rate: int, name: str) -> float | None:
        """How many times the echo's p99 latency this one's is, the median of the rounds."""
        theirs, floor = self.latency[rate][name], self.latency[rate].get(ECHO, ())
        if not floor or not all(run.valid for run in (*theirs, *floor)):
            return None
        return median_ratio([run.latency.p99 for run in theirs], [run.latency.p99 for run in floor])


def faster_than(rounds: Rounds, name: str) -> float | None:
    """How many times the competitor's reviews per second the product reaches, the median of the rounds.

    None when one of them has no valid figure.
    """
    ours, theirs = rounds[PRODUCT], rounds[name]
    if not all(run.valid for run in (*ours, *theirs)):
        return None
    return median_ratio([run.reviews_per_s for run in ours], [run.reviews_per_s for run in theirs])


def cheaper_than(rounds: Rounds, name: str) -> float | None:
    """How many times the product's CPU time per review the competitor takes, the median of the rounds."""
    ours, theirs = rounds[PRODUCT], rounds[name]
    if not all(run.valid for run in (*ours, *theirs)):
        return None
    return median_ratio([run.cpu_us for run in theirs], [run.cpu_us for run in ours])


def median_of(runs: Sequence[BacklogRun], figure: str) -> float:
    """The median of a figure over the runs."""
    return float(median(getattr(run, figure) for run in runs))


def as_json(results: Results) -> bytes:
    """All of it, with the ratios, as a JSON document."""
    document = msgspec.to_builtins(results)
    ratios = {
        group: {
            name: {
                "product_is_faster_by": faster_than(rounds, name),
                "takes_more_cpu_by": cheaper_than(rounds, name),
            }
            for name in rounds
        }
        for group, rounds in (("throughput", results.throughput), ("layers", results.layers))
    }
    document |= {"valid": results.valid, "ratios": ratios}
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def write_results(results: Results, folder: Path = FOLDER) -> Path:
    """Keep the run in a file named after its date."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{results.started_at.astimezone(UTC):%Y-%m-%dT%H%M%SZ}.json"
    file.write_bytes(as_json(results))
    return file


def read_results(file: Path = TRACKED) -> Results:
    """A run that was kept.

    Raises:
        FileNotFoundError: there is none.
        ValueError: the file is not of this form; the message names the field.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=Results)
    except msgspec.DecodeError as error:
        raise ValueError(f"{file}: expected a file that `python -m bench` wrote: {error}") from error
