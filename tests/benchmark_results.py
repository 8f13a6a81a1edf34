"""A run of the benchmark, as if measured."""

from datetime import UTC, datetime

from bench.account import Account
from bench.competitors import ECHO, LOOP, PRODUCT, SCORER_LOOP
from bench.core_alone import STAGES, CoreCost
from bench.cost_curves import Cost
from bench.latency import LatencyRun
from bench.plan import QUICK, QUICK_PARTS
from bench.recovery import RecoveryRun
from bench.results import Results
from bench.reviews import ReviewsFacts
from bench.scale import PartitionsRun
from bench.statistics import Quantiles
from bench.throughput import BacklogRun
from bench.tuning import Trial

GOOD = Account(10, 10, 0, 0, 0)
LOSING = Account(10, 9, 1, 0, 0)
QUIET = Quantiles(2.0, 9.0, 12.0)


def backlog_run(
    reviews_per_s: float, cpu_us: float, account: Account = GOOD, flaw: str | None = None
) -> BacklogRun:
    return BacklogRun(account, flaw, reviews_per_s, cpu_us, 300.0, 280.0, 1_100.0)


def latency_run(p99: float, account: Account = GOOD) -> LatencyRun:
    return LatencyRun(account, Quantiles(1.0, p99, 2 * p99), 0.5)


def results(loop: BacklogRun, product_latency: LatencyRun) -> Results:
    return Results(
        started_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        took_s=61.0,
        parts=QUICK_PARTS,
        plan=QUICK,
        machine={"cpu": "a cpu", "cores": 2, "busy_before": 0.02, "python": "3.11"},
        commit="abc",
        versions={"numpy": "2"},
        peers={"numpy": "1"},
        reviews=ReviewsFacts("a pack", 100, 1, 400.0),
        how={PRODUCT: "all of it", LOOP: "in batches"},
        sweeps={LOOP: [Trial({"batch": "500", "compression": "none", "linger-ms": "5"}, 8_000.0)]},
        throughput={PRODUCT: [backlog_run(30_000.0, 20.0)], LOOP: [loop]},
        layers={PRODUCT: [backlog_run(30_000.0, 20.0)], SCORER_LOOP: [backlog_run(20_000.0, 30.0)]},
        latency={
            512: {PRODUCT: [product_latency], ECHO: [latency_run(3.0)]},
            1_000: {PRODUCT: [latency_run(9.0)]},
        },
        recovery=RecoveryRun(GOOD, 5_000, 4.0, 1_250.0, 301.0, 307.0, Quantiles(5.0, 60.0, 70.0), QUIET),
        workers={1: [backlog_run(30_000.0, 20.0)], 2: [backlog_run(31_000.0, 22.0)]},
        partitions={200: PartitionsRun(backlog_run(29_000.0, 21.0), 1_234, 5.5)},
        starts=[2.25, 2.5, 3.75],
        core=[CoreCost(128, dict.fromkeys(STAGES, 2.5))],
        core_cpu_us=10.0,
        lengths=[Cost(100, 100.0, 4.0)],
    )
