"""Everything that one run measured, and the file that keeps it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.competitors import ECHO, PRODUCT
from bench.core_alone import CoreCost
from bench.latency import LatencyRun
from bench.plan import Plan
from bench.reviews import ROOT, ReviewsFacts
from bench.statistics import median_ratio
from bench.throughput import BacklogRun
from bench.tuning import Trial

FOLDER: Final = ROOT / "bench" / "results"


@dataclass(frozen=True)
class Results:
    """One run.

    Attributes:
        started_at: with its time zone.
        plan: how much was measured.
        machine: what it ran on.
        commit: of the working copy.
        versions: of the product and what it stands on.
        peers: versions in the peers' environment.
        reviews: what was classified.
        how: what each competitor did, by name.
        sweep: trials of the loop's tuning, the best first.
        throughput: runs of each competitor, round by round.
        latency: runs of product, exactly-once and echo, round by round.
        core: the core alone.
    """

    started_at: datetime
    plan: Plan
    machine: Mapping[str, Any]
    commit: str
    versions: Mapping[str, str]
    peers: Mapping[str, str]
    reviews: ReviewsFacts
    how: Mapping[str, str]
    sweep: Sequence[Trial]
    throughput: Mapping[str, Sequence[BacklogRun]]
    latency: Mapping[str, Sequence[LatencyRun]]
    core: Sequence[CoreCost]

    @property
    def valid(self) -> bool:
        """Whether in every run each review got its one result, and a good one."""
        backlogs = all(run.valid for runs in self.throughput.values() for run in runs)
        return backlogs and all(run.valid for runs in self.latency.values() for run in runs)

    def faster_than(self, name: str) -> float | None:
        """How many times the competitor's reviews per second the product reaches, the median of the rounds.

        None when one of them has no valid figure.
        """
        ours, theirs = self.throughput[PRODUCT], self.throughput[name]
        if not all(run.valid for run in (*ours, *theirs)):
            return None
        return median_ratio([run.reviews_per_s for run in ours], [run.reviews_per_s for run in theirs])

    def cheaper_than(self, name: str) -> float | None:
        """How many times the product's CPU time per review the competitor takes, the median of the rounds."""
        ours, theirs = self.throughput[PRODUCT], self.throughput[name]
        if not all(run.valid for run in (*ours, *theirs)):
            return None
        return median_ratio([run.cpu_us for run in theirs], [run.cpu_us for run in ours])

    def p99_against_echo(self, name: str) -> float | None:
        """How many times the echo's p99 latency this one's is, the median of the rounds."""
        theirs, floor = self.latency[name], self.latency[ECHO]
        if not all(run.valid for run in (*theirs, *floor)):
            return None
        return median_ratio([run.latency.p99 for run in theirs], [run.latency.p99 for run in floor])


def as_json(results: Results) -> str:
    """All of it, with the ratios, as a JSON document."""
    document = {
        "started_at": results.started_at.isoformat(),
        "valid": results.valid,
        "plan": results.plan._asdict(),
        "machine": results.machine,
        "commit": results.commit,
        "versions": results.versions,
        "peers": results.peers,
        "reviews": results.reviews._asdict(),
        "ratios": {
            "product_is_faster_than": {name: results.faster_than(name) for name in results.throughput},
            "cpu_of_product_is_smaller_than_of": {
                name: results.cheaper_than(name) for name in results.throughput
            },
            "p99_latency_against_echo": {name: results.p99_against_echo(name) for name in results.latency},
        },
        "competitors": results.how,
        "sweep": [trial._asdict() for trial in results.sweep],
        "throughput": {name: [_plain(run) for run in runs] for name, runs in results.throughput.items()},
        "latency": {name: [_plain(run) for run in runs] for name, runs in results.latency.items()},
        "core_us_per_review": {cost.slice_size: {**cost.stages, "all": cost.total} for cost in results.core},
    }
    return json.dumps(document, indent=2) + "\n"


def write_results(results: Results, folder: Path = FOLDER) -> Path:
    """Keep the run in a file named after its date."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{results.started_at.astimezone(UTC):%Y-%m-%dT%H%M%SZ}.json"
    file.write_text(as_json(results))
    return file


def _plain(run: BacklogRun | LatencyRun) -> dict[str, Any]:
    """A run with the tuples in it as objects."""
    return {
        name: value._asdict() if hasattr(value, "_asdict") else value for name, value in run._asdict().items()
    }
