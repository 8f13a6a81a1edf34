"""One run of the benchmark: all its parts, one after the other, on one broker."""

import gc
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.cluster import Cluster
from bench.competitors import (
    LOOP,
    RECORDED_TUNING,
    Competitor,
    Peers,
    ceiling,
    exactly_once,
    product,
    tuned,
)
from bench.core_alone import SLICES, core_cost, core_records, mean_result_bytes
from bench.latency import LatencyRun, Load, run_latency
from bench.machine import commit, machine, versions
from bench.peers_environment import peers_model, peers_python, peers_versions
from bench.plan import CORE_REVIEWS, LATENCY_RATE, WARM_UP_S, Plan
from bench.results import Results
from bench.reviews import Reviews, load_reviews
from bench.throughput import Backlog, BacklogRun, run_backlog
from bench.tuning import Trial, Tuning, sweep
from stream_app.bundled import bundled
from stream_app.kafka.broker import local_broker
from stream_app.model_store import load_model

Say = Callable[[str], None]


class Benchmark:
    """What all parts share.

    Args:
        cluster: a broker of the benchmark's own.
        reviews: what is classified.
        plan: how much of it.
        folder: for temporary files.
        say: is told what goes on.
    """

    def __init__(self, cluster: Cluster, reviews: Reviews, plan: Plan, folder: Path, say: Say) -> None:
        self._cluster = cluster
        self._rows = reviews.rows
        self._values = reviews.values()
        self._plan = plan
        self._folder = folder
        self._say = say
        self._runs = 0

    def tune(self, loop: Competitor) -> list[Trial]:
        """The sweep for the loop, the best first; nothing when the plan has no place for it."""
        if not self._plan.sweep_reviews:
            self._say("no sweep: the recorded tuning")
            return []
        self._say(f"sweep of the {LOOP}")
        backlog = self._fill(self._plan.sweep_reviews)

        def measure(tuning: Tuning) -> float:
            run = self._backlog_run(tuned(loop, tuning), backlog)
            self._say(
                f"  {LOOP}, {', '.join(f'{k} {v}' for k, v in tuning.items())}: {run.reviews_per_s:,.0f}/s"
            )
            return run.reviews_per_s

        trials = sweep(RECORDED_TUNING, measure)
        self._cluster.delete(backlog.topic)
        return trials

    def throughput(self, competitors: Sequence[Competitor]) -> dict[str, list[BacklogRun]]:
        """Rounds in which each competitor takes its turn, so that a noisy minute hits all alike."""
        self._say("throughput: filling topics")
        backlogs = {one.name: self._fill(round(one.reviews * self._plan.share)) for one in competitors}
        rounds: dict[str, list[BacklogRun]] = {one.name: [] for one in competitors}
        for number in range(1, self._plan.rounds + 1):
            for competitor in competitors:
                run = self._backlog_run(competitor, backlogs[competitor.name])
                rounds[competitor.name].append(run)
                self._say(f"  round {number}, {competitor.name}: {run.reviews_per_s:,.0f} reviews/s")
        self._cluster.delete(*(backlog.topic for backlog in backlogs.values()))
        return rounds

    def latency(self, *group: Competitor) -> dict[str, list[LatencyRun]]:
        """The competitors one after the other, again and again."""
        self._say("latency")
        load = Load(self._folder / "values.jsonl", LATENCY_RATE, self._plan.latency_s, WARM_UP_S)
        load.values.write_bytes(b"\n".join(self._values))
        rounds: dict[str, list[LatencyRun]] = {one.name: [] for one in group}
        for number in range(1, self._plan.latency_rounds + 1):
            for competitor in group:
                run = run_latency(self._cluster, competitor, load, self._next_name(), self._folder)
                rounds[competitor.name].append(run)
                self._say(f"  round {number}, {competitor.name}: p99 {run.latency.p99:.1f} ms")
        return rounds

    def _fill(self, records: int) -> Backlog:
        topic = f"{self._next_name()}-input"
        self._cluster.create(topic)
        self._cluster.fill(topic, self._values, records)
        return Backlog(topic, records, self._rows)

    def _backlog_run(self, competitor: Competitor, backlog: Backlog) -> BacklogRun:
        return run_backlog(self._cluster, competitor, backlog, self._next_name(), self._folder)

    def _next_name(self) -> str:
        self._runs += 1
        return f"bench-{self._runs}"


def measure(plan: Plan, say: Say) -> Results:
    """Everything of the plan.

    Raises:
        BrokerUnavailable: no broker could be started.
        ModelError: the product's champion must not be used.
    """
    started_at, before = datetime.now(UTC), machine()
    reviews = load_reviews()
    python = peers_python(say)
    peers = Peers(python, peers_model(python, reviews.rows, say))
    say("the core alone")
    champion = load_model(bundled("champion"), "inherited")
    records = core_records(reviews.values()[:CORE_REVIEWS])
    core = [core_cost(records, champion, size, plan.core_repeats) for size in SLICES]
    gc.collect()
    gc.freeze()  # the collector must not look through all reviews while results are timed
    with (
        local_broker(port=0, say=say) as broker,
        closing(Cluster(broker.bootstrap_servers)) as cluster,
        TemporaryDirectory(prefix="bench-") as folder,
    ):
        benchmark = Benchmark(cluster, reviews, plan, Path(folder), say)
        trials = benchmark.tune(peers.loop())
        loop = peers.loop(trials[0].tuning if trials else RECORDED_TUNING)
        relay = ceiling(mean_result_bytes(records, champion))
        competitors = [product(), exactly_once(), loop, peers.quix(), peers.stock_faust(), relay]
        throughput = benchmark.throughput(competitors)
        latency = benchmark.latency(product(), exactly_once(), peers.echo())
    return Results(
        started_at=started_at,
        plan=plan,
        machine=before,
        commit=commit(),
        versions=versions(),
        peers=peers_versions(python),
        reviews=reviews.facts(),
        how={competitor.name: competitor.how for competitor in competitors},
        sweep=trials,
        throughput=throughput,
        latency=latency,
        core=core,
    )
