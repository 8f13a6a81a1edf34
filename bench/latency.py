"""Latency: reviews come on an open-loop schedule, and each is timed from when it was meant to be sent."""

import json
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from confluent_kafka import Consumer, Producer, TopicPartition

from bench.account import Account, account
from bench.cluster import PARTITIONS, Cluster
from bench.competitors import Competitor, Streams
from bench.processes import Worker, environment, worker
from bench.schedule import Schedule
from bench.statistics import Quantiles, quantiles

_PROBE: Final = b"probe"
_PROBE_EVERY_S: Final = 0.25
_READY_WITHIN_S: Final = 120.0
_START_AHEAD_S: Final = 1.5
_STRAGGLERS_S: Final = 15.0
_QUIET_S: Final = 0.5


class Load(NamedTuple):
    """What is sent.

    Attributes:
        values: a file with a record's value per line.
        rate: reviews per second.
        seconds: how long, of which
        warm_up_s: at the beginning is accounted for but not timed.
    """

    values: Path
    rate: float
    seconds: float
    warm_up_s: float


@dataclass(frozen=True)
class LatencyRun:
    """One competitor under the load.

    Attributes:
        account: inputs against outputs.
        latency: from the intended send to the result read, ms.
        late_p99_ms: the load generator's own lateness, which is part of it.
    """

    account: Account
    latency: Quantiles
    late_p99_ms: float

    @property
    def valid(self) -> bool:
        """Whether every review has its one result."""
        return self.account.balanced


def run_latency(cluster: Cluster, competitor: Competitor, load: Load, run: str, folder: Path) -> LatencyRun:
    """Start the competitor, wait until it passes a probe on, then send and time.

    Raises:
        WorkerEndedError: it ended.
        TimeoutError: it passed nothing on.
    """
    streams = Streams(cluster.bootstrap_servers, f"{run}-input", f"{run}-results", f"{run}-dlq", run)
    topics = (streams.input_topic, streams.result_topic, streams.dlq_topic)
    cluster.create(*topics)
    with (
        closing(_new_observer(streams)) as observer,
        worker(competitor.started_on(streams), folder) as process,
    ):
        _wait_until_ready(streams, load, observer, process)
        schedule = Schedule(time.monotonic() + _START_AHEAD_S, load.rate, round(load.rate * load.seconds))
        with load_generator(streams, load.values, schedule) as generator:
            seen = _observe(observer, schedule)
            late_p99_ms = json.loads(generator.communicate()[0])["late_p99_ms"]
    cluster.delete(*topics)
    balance = account(schedule.reviews, [key for key, _ in seen])
    return LatencyRun(balance, _latency(seen, schedule, load), late_p99_ms)


def _new_observer(streams: Streams) -> Consumer:
    """Reads all results, each as soon as the broker has it."""
    config = {
        "bootstrap.servers": streams.bootstrap_servers,
        "group.id": f"{streams.group_id}-observer",
        "enable.auto.commit": False,
        "fetch.min.bytes": 1,
    }
    observer = Consumer(config)
    observer.assign([TopicPartition(streams.result_topic, number, 0) for number in range(PARTITIONS)])
    return observer


def _wait_until_ready(streams: Streams, load: Load, observer: Consumer, process: Worker) -> None:
    producer = Producer({"bootstrap.servers": streams.bootstrap_servers})
    with load.values.open("rb") as lines:
        value = lines.readline().rstrip(b"\n")
    deadline = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < deadline:
        process.raise_if_ended()
        for partition in range(PARTITIONS):
            producer.produce(streams.input_topic, value, _PROBE, partition)
        producer.flush()
        if observer.poll(_PROBE_EVERY_S) is not None:
            return
    raise TimeoutError(f"{streams.result_topic}: no result within {_READY_WITHIN_S} s")


def load_generator(
    streams: Streams, values: Path, schedule: Schedule, first_key: int = 0
) -> subprocess.Popen[bytes]:
    """A process that sends on the schedule, and prints how punctual it was."""
    options = {
        "bootstrap-servers": streams.bootstrap_servers,
        "topic": streams.input_topic,
        "values": values,
        "start-s": schedule.start_s,
        "rate": schedule.rate,
        "reviews": schedule.reviews,
        "first-key": first_key,
    }
    command = [
        sys.executable,
        "-m",
        "bench.load_generator",
        *(f"--{name}={value}" for name, value in options.items()),
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment())  # noqa: S603 - our own module


def _observe(observer: Consumer, schedule: Schedule) -> list[tuple[bytes, float]]:
    """Key of each result and when it was read (monotonic seconds).

    Until all are there and none came for a moment: a result that comes twice shall be seen.
    """
    seen: list[tuple[bytes, float]] = []
    deadline = schedule.end_s + _STRAGGLERS_S
    while time.monotonic() < deadline:
        message = observer.poll(_QUIET_S)
        if message is None and len(seen) >= schedule.reviews:
            break
        if message is not None and not message.error() and message.key() != _PROBE:
            seen.append((message.key() or b"", time.monotonic()))
    return seen


def _latency(seen: list[tuple[bytes, float]], schedule: Schedule, load: Load) -> Quantiles:
    timed_from = schedule.start_s + load.warm_up_s
    timed = [(schedule.intended(int(key)), read_at) for key, read_at in seen]
    return quantiles([read_at - sent_at for sent_at, read_at in timed if sent_at >= timed_from])
