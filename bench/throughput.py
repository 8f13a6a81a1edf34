"""Throughput: a backlog waits, a worker starts, and the broker's clock tells how fast results come."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.account import Account, account
from bench.cluster import Cluster, Group, Output
from bench.competitors import Competitor, Streams
from bench.processes import Worker, WorkerEndedError, worker
from bench.result_fields import flaw
from bench.statistics import Sample, cpu_us_per_review, rate

_LOOK_EVERY_S: Final = 0.25
_PATIENCE_S: Final = 120.0


@dataclass(frozen=True)
class BacklogRun:
    """One competitor in one round.

    Attributes:
        account: inputs against outputs.
        flaw: what else is wrong with it, or None.
        reviews_per_s: the slope of the results over time, by the broker's clock.
        cpu_us: CPU microseconds of the worker process per review.
        memory_mb: largest resident memory seen (RSS).
        own_memory_mb: the same, shared pages by shares (PSS).
        result_bytes: mean size of a result's value.
    """

    account: Account
    flaw: str | None
    reviews_per_s: float
    cpu_us: float
    memory_mb: float
    own_memory_mb: float
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


def run_backlog(  # noqa: PLR0913 - the last one has a default
    cluster: Cluster, competitor: Competitor, backlog: Backlog, run: str, folder: Path, *, workers: int = 1
) -> BacklogRun:
    """Let the competitor work the backlog off, in topics and a group of this run's own."""
    streams = Streams(cluster.bootstrap_servers, backlog.topic, f"{run}-results", f"{run}-dlq", run)
    partitions = cluster.partitions(backlog.topic)
    cluster.create(streams.result_topic, streams.dlq_topic, partitions=partitions)
    samples: list[Sample] = []
    ended = None
    with ExitStack() as running:
        command = competitor.started_on(streams)
        processes = [running.enter_context(worker(command, folder, number)) for number in range(workers)]
        try:
            look = Look(cluster, streams, processes, samples, commits=competitor.commits)
            look.until_done(backlog.records)
        except WorkerEndedError as error:
            ended = str(error)
    output = cluster.read(streams.result_topic)
    cluster.delete(streams.result_topic, streams.dlq_topic)
    return _judge(competitor, backlog, output, samples, ended)


class Look:
    """What is looked at while workers run.

    Args:
        cluster: whose offsets tell how far they are.
        streams: where they read and write.
        processes: the workers.
        samples: where the looks go, once every worker takes part.
        commits: whether offsets are committed to Kafka; else results tell how far it is.
    """

    def __init__(
        self,
        cluster: Cluster,
        streams: Streams,
        processes: Sequence[Worker],
        samples: list[Sample],
        *,
        commits: bool = True,
    ) -> None:
        self._cluster = cluster
        self._streams = streams
        self._processes = processes
        self._samples = samples
        self._commits = commits

    def until_done(self, records: int) -> None:
        """Until the group has committed all records, or nothing has moved for a while.

        Raises:
            WorkerEndedError: one of the workers has ended.
        """
        done, moved_at = 0, time.monotonic()
        with closing(Group(self._cluster, self._streams.group_id, self._streams.input_topic)) as group:
            while done < records and time.monotonic() - moved_at < _PATIENCE_S:
                time.sleep(_LOOK_EVERY_S)
                sample = self._sample()
                before, done = done, group.committed() if self._commits else sample.results
                if done > before:
                    moved_at = time.monotonic()

    def _sample(self) -> Sample:
        for process in self._processes:
            process.raise_if_ended()
        sample = Sample(
            results=self._cluster.count(self._streams.result_topic),
            cpu_s=sum(process.cpu_s() for process in self._processes),
            memory=sum(process.memory() for process in self._processes),
            own_memory=sum(process.own_memory() for process in self._processes),
        )
        if len(self._processes) == 1 or self._all_take_part():
            self._samples.append(sample)
        return sample

    def _all_take_part(self) -> bool:
        return self._cluster.members(self._streams.group_id) == len(self._processes)


def _judge(
    competitor: Competitor, backlog: Backlog, output: Output, samples: Sequence[Sample], ended: str | None
) -> BacklogRun:
    balance = account(backlog.records, output.keys)
    wrong = ended or (
        _first_flaw(output, backlog.rows) if competitor.classifies and balance.balanced else None
    )
    if not balance.balanced or wrong:
        return BacklogRun(balance, wrong, 0.0, 0.0, 0.0, 0.0, 0.0)
    return BacklogRun(
        account=balance,
        flaw=None,
        reviews_per_s=rate(output.appended_ms),
        cpu_us=cpu_us_per_review(samples),
        memory_mb=max(sample.memory for sample in samples) / 1e6,
        own_memory_mb=max(sample.own_memory for sample in samples) / 1e6,
        result_bytes=output.value_bytes / len(output.keys),
    )


def _first_flaw(output: Output, rows: Sequence[Mapping[str, Any]]) -> str | None:
    found = (flaw(value, rows[int(key) % len(rows)]) for key, value in output.examples)
    return next(filter(None, found), None)
