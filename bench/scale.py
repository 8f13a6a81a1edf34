"""How cost and start depend on size: workers in a group, partitions, and a worker's first result."""

import time
import urllib.request
from dataclasses import dataclass
from typing import Final

from bench.api import free_port
from bench.competitors import Competitor, Streams, product
from bench.processes import worker
from bench.session import Session
from bench.throughput import BacklogRun, Look

_LOOK_EVERY_S: Final = 0.05
_STARTS_WITHIN_S: Final = 120.0
_REVIEWS_OF_EACH_WORKER: Final = 150_000
_REVIEWS: Final = 100_000


@dataclass(frozen=True)
class PartitionsRun:
    """The product on a topic of so many partitions.

    Attributes:
        run: as with any backlog.
        series: in its answer to a scrape.
        scrape_ms: how long that took.
    """

    run: BacklogRun
    series: int
    scrape_ms: float


def by_workers(session: Session, competitor: Competitor) -> dict[int, list[BacklogRun]]:
    """Groups of one, two and more workers, in rounds. Figures are of all of a group's workers together."""
    most = max(session.plan.workers)
    backlog = session.fill(round(_REVIEWS_OF_EACH_WORKER * most * session.plan.share))
    runs: dict[int, list[BacklogRun]] = {workers: [] for workers in session.plan.workers}
    for _ in range(session.plan.rounds):
        for workers, of_these in runs.items():
            session.say(f"{workers} workers in a group")
            of_these.append(session.work_off(competitor, backlog, workers))
    session.cluster.delete(backlog.topic)
    return runs


def by_partitions(session: Session) -> dict[int, PartitionsRun]:
    """The product on topics of one, a dozen and many partitions."""
    return {partitions: _of_partitions(session, partitions) for partitions in session.plan.partitions}


def _of_partitions(session: Session, partitions: int) -> PartitionsRun:
    session.say(f"{partitions} partitions")
    backlog = session.fill(round(_REVIEWS * session.plan.share), partitions)
    run = session.work_off(product(), backlog)
    series, scrape_ms = _scraped(session, backlog.topic, partitions)
    session.cluster.delete(backlog.topic)
    return PartitionsRun(run, series, scrape_ms)


def _scraped(session: Session, topic: str, partitions: int) -> tuple[int, float]:
    """Series of a worker that has classified reviews of every partition, and the time of a scrape in ms."""
    run, cluster, port = session.next_name(), session.cluster, free_port()
    streams = Streams(cluster.bootstrap_servers, topic, f"{run}-results", f"{run}-dlq", run)
    cluster.create(streams.result_topic, streams.dlq_topic, partitions=partitions)
    command = [*product().started_on(streams), f"--http-port={port}"]
    with worker(command, session.folder) as process:
        Look(cluster, streams, [process], []).until_done(cluster.count(topic))
        began = time.perf_counter()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            lines = answer.read().splitlines()
        scrape_ms = (time.perf_counter() - began) * 1000
    cluster.delete(streams.result_topic, streams.dlq_topic)
    return sum(not line.startswith(b"#") for line in lines), scrape_ms


def starts(session: Session, competitor: Competitor) -> list[float]:
    """Seconds from the start of the process to its first result in the broker, caches warm.

    A first start that warms the caches is not among them.
    """
    backlog = session.fill(1_000)
    seconds = [_start(session, competitor, backlog.topic) for _ in range(session.plan.starts + 1)][1:]
    session.cluster.delete(backlog.topic)
    return seconds


def _start(session: Session, competitor: Competitor, topic: str) -> float:
    run, cluster = session.next_name(), session.cluster
    streams = Streams(cluster.bootstrap_servers, topic, f"{run}-results", f"{run}-dlq", run)
    cluster.create(streams.result_topic, streams.dlq_topic)
    began = time.time()
    with worker(competitor.started_on(streams), session.folder) as process:
        deadline = time.monotonic() + _STARTS_WITHIN_S
        while not cluster.count(streams.result_topic):
            process.raise_if_ended()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{streams.result_topic}: no result within {_STARTS_WITHIN_S:g} s")
            time.sleep(_LOOK_EVERY_S)
    first_ms = cluster.read(streams.result_topic).appended_ms.min()
    cluster.delete(streams.result_topic, streams.dlq_topic)
    session.say(f"  first result after {first_ms / 1000 - began:.2f} s")
    return float(first_ms / 1000 - began)
