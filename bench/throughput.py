"""Throughput: a backlog waits, a worker starts, and the broker's clock tells how fast results come."""

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.account import Account, account
from bench.cluster import Cluster, Group, Output
from bench.competitors import Competitor, Streams
from bench.processes import Worker, WorkerEndedError, worker
from bench.result_fields import flaw
from bench.statistics import Sample, cpu_us_per_review, rate

_LOOK_EVERY_S: Final = 0.25
_PATIENCE_S: Final = 45.0


class BacklogRun(NamedTuple):
    """One competitor in one round.

    Attributes:
        account: inputs against outputs.
        flaw: what else is wrong with it, or None.
        reviews_per_s: the slope of the results over time, by the broker's clock.
        cpu_us: CPU microseconds of the worker process per review.
        memory_mb: largest resident memory seen.
        result_bytes: mean size of a result's value.
    """

    account: Account
    flaw: str | None
    reviews_per_s: float
    cpu_us: float
    memory_mb: float
    result_bytes: float

    @property
    def valid(self) -> bool:
        """Whether every review has its one result, and a good one."""
        return self.account.balanced and self.flaw is None


class Backlog(NamedTuple):
    """A topic filled with reviews; record `number` carries review `number` modulo their count."""

    topic: str
    records: int
    rows: Sequence[Mapping[str, Any]]


def run_backlog(
    cluster: Cluster, competitor: Competitor, backlog: Backlog, run: str, folder: Path
) -> BacklogRun:
    """Let the competitor work the backlog off, in topics and a group of this run's own."""
    streams = Streams(cluster.bootstrap_servers, backlog.topic, f"{run}-results", f"{run}-dlq", run)
    cluster.create(streams.result_topic, streams.dlq_topic)
    samples: list[Sample] = []
    ended = None
    with worker(competitor.started_on(streams), folder) as process:
        try:
            _watch(cluster, streams, backlog.records, process, samples)
        except WorkerEndedError as error:
            ended = str(error)
    output = cluster.read(streams.result_topic)
    cluster.delete(streams.result_topic, streams.dlq_topic)
    return _judge(competitor, backlog, output, samples, ended)


def _watch(cluster: Cluster, streams: Streams, records: int, process: Worker, samples: list[Sample]) -> None:
    """Look at the worker until the group has committed all records, or nothing has moved for a while."""
    committed, moved_at = 0, time.monotonic()
    with closing(Group(streams.bootstrap_servers, streams.group_id, streams.input_topic)) as group:
        while committed < records and time.monotonic() - moved_at < _PATIENCE_S:
            time.sleep(_LOOK_EVERY_S)
            process.raise_if_ended()
            before, committed = committed, group.committed()
            samples.append(Sample(cluster.count(streams.result_topic), process.cpu_s(), process.memory()))
            if committed > before:
                moved_at = time.monotonic()


def _judge(
    competitor: Competitor, backlog: Backlog, output: Output, samples: Sequence[Sample], ended: str | None
) -> BacklogRun:
    balance = account(backlog.records, output.keys)
    wrong = ended or (
        _first_flaw(output, backlog.rows) if competitor.classifies and balance.balanced else None
    )
    if not balance.balanced or wrong:
        return BacklogRun(balance, wrong, 0.0, 0.0, 0.0, 0.0)
    return BacklogRun(
        account=balance,
        flaw=None,
        reviews_per_s=rate(output.appended_ms),
        cpu_us=cpu_us_per_review(samples),
        memory_mb=max(sample.memory for sample in samples) / 1e6,
        result_bytes=output.value_bytes / len(output.keys),
    )


def _first_flaw(output: Output, rows: Sequence[Mapping[str, Any]]) -> str | None:
    found = (flaw(value, rows[int(key) % len(rows)]) for key, value in output.examples)
    return next(filter(None, found), None)
