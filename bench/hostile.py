"""`python -m bench.hostile [RECORDS]`: hostile records through the real stream, and an account of each.

A broker and a worker of its own, with the breaker off. Prints a line of JSON; exit code 1 when a record was
lost or repeated, or ended as what it should not.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple
from uuid import uuid4

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from bench.cluster import PARTITIONS, Cluster
from bench.competitors import Streams, product
from bench.hostile_records import Ending, HostileRecord, hostile_records
from bench.processes import Worker, WorkerEndedError, worker
from stream_app.account import Account, Verdict, places
from stream_app.core.messages import decode_result
from stream_app.dead_letters import parse
from stream_app.kafka.broker import BrokerUnavailable, local_broker
from stream_app.kafka.connection import Connection
from stream_app.kafka.reader import RawRecord, end_offsets, read

_RECORDS: Final = 1_000_000
_LOOK_EVERY_S: Final = 0.25
_PATIENCE_S: Final = 300.0
_QUEUE: Final = 50_000
_OPTIONS: Final = {"http-port": "0", "dlq-breaker-share": "1", "log-level": "error"}


class HostileRun(NamedTuple):
    """What became of the records.

    Attributes:
        verdict: the account of all of them.
        wrong: how many ended as what they should not, or in a dead letter with another value, by kind.
        kinds: how many there were, by kind.
        reasons: dead letters, by reason.
        seconds: from the worker's start to its last output.
        memory_mb: the worker's largest resident memory.
    """

    verdict: Verdict
    wrong: dict[str, int]
    kinds: dict[str, int]
    reasons: dict[str, int]
    seconds: float
    memory_mb: float

    @property
    def valid(self) -> bool:
        """Whether each record ended once, and as it should."""
        verdict = self.verdict
        return not (self.wrong or verdict.lost or verdict.duplicates or verdict.strange)


@dataclass(slots=True)
class Ledger:
    """What was sent, by key, and what came back."""

    account: Account = field(default_factory=Account)
    kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    _sent: dict[bytes, HostileRecord] = field(default_factory=dict)

    def sent(self, record: HostileRecord) -> None:
        """A record goes to the input topic."""
        self.kinds[record.kind] += 1
        self._sent[record.key] = record

    def result(self, record: RawRecord) -> None:
        """A record of the results topic."""
        source = decode_result(record.value or b"").source
        if source:
            self.account.result((source.partition, source.offset))
        self._compare(record, "result")

    def dead_letter(self, record: RawRecord) -> None:
        """A record of the dead-letter topic."""
        letter = parse(record)
        self.account.dead_letter((letter.partition, letter.offset))
        self.reasons[letter.reason] += 1
        self._compare(record, "dead_letter")

    def _compare(self, record: RawRecord, ending: Ending) -> None:
        sent = self._sent.get(record.key or b"")
        if sent is None:
            self.wrong["unknown key"] += 1
        elif sent.ending != ending or (ending == "dead_letter" and record.value != sent.value):
            self.wrong[sent.kind] += 1


def run_hostile(bootstrap_servers: str, records: int, seed: int) -> HostileRun:
    """Produce them all, let a worker begin, and read back what it wrote.

    Raises:
        WorkerEndedError: the worker has ended.
        KafkaException: the broker refused a record.
    """
    prefix = f"hostile-{uuid4().hex[:8]}"
    streams = Streams(
        bootstrap_servers, f"{prefix}.raw", f"{prefix}.sentiment", f"{prefix}.dlq", f"{prefix}.group"
    )
    ledger = Ledger()
    with closing(Cluster(bootstrap_servers)) as cluster, TemporaryDirectory() as folder:
        cluster.create(*streams[1:4])
        _produce(streams, hostile_records(records, seed), ledger)
        command = replace(product(), options=_OPTIONS).started_on(streams)
        with worker(command, Path(folder)) as process:
            seconds, memory = _watch(cluster, streams, records, process)
        verdict = _read_back(streams, ledger)
        cluster.delete(*streams[1:4])
    return HostileRun(
        verdict, dict(ledger.wrong), dict(ledger.kinds), dict(ledger.reasons), seconds, memory / 1e6
    )


def _produce(streams: Streams, records: Iterable[HostileRecord], ledger: Ledger) -> None:
    producer = Producer(
        {
            "bootstrap.servers": streams.bootstrap_servers,
            "enable.idempotence": True,
            "linger.ms": 50,
            "on_delivery": _raise_if_refused,
        }
    )
    for number, record in enumerate(records):
        ledger.sent(record)
        producer.produce(streams.input_topic, record.value, record.key, number % PARTITIONS)
        while len(producer) > _QUEUE:
            producer.poll(_LOOK_EVERY_S)
    producer.flush()


def _raise_if_refused(error: KafkaError | None, _: Message) -> None:
    if error is not None:
        raise KafkaException(error)


def _watch(cluster: Cluster, streams: Streams, records: int, process: Worker) -> tuple[float, int]:
    """Until every record has an output, or none has come for a while: seconds and bytes of memory."""
    began = moved_at = time.monotonic()
    outputs = memory = 0
    while outputs < records and time.monotonic() - moved_at < _PATIENCE_S:
        time.sleep(_LOOK_EVERY_S)
        process.raise_if_ended()
        before, outputs = outputs, cluster.count(streams.result_topic) + cluster.count(streams.dlq_topic)
        memory = max(memory, process.memory())
        if outputs > before:
            moved_at = time.monotonic()
    return moved_at - began, memory


def _read_back(streams: Streams, ledger: Ledger) -> Verdict:
    """After the worker has ended, so that a repeat would be seen as well."""
    connection = Connection(streams.bootstrap_servers)
    for record in read(connection, streams.result_topic):
        ledger.result(record)
    for record in read(connection, streams.dlq_topic):
        ledger.dead_letter(record)
    return ledger.account.close(places(end_offsets(connection, streams.input_topic)))


def summary(run: HostileRun) -> Mapping[str, object]:
    """The run as an object for programs."""
    counts = run.verdict._asdict()
    records = counts.pop("reviews")
    figures = {
        "records_per_s": round(records / run.seconds) if run.seconds else 0,
        "memory_mb": round(run.memory_mb),
    }
    return {"records": records, **counts, "wrong": run.wrong, **figures, "reasons": run.reasons}


def main() -> None:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m bench.hostile", description=__doc__)
    parser.add_argument("records", type=int, nargs="?", default=_RECORDS)
    parser.add_argument("--seed", type=int, default=1, help="of the records")
    options = parser.parse_args()
    try:
        with local_broker(port=0, say=lambda line: print(line, file=sys.stderr)) as broker:  # noqa: T201 - progress
            run = run_hostile(broker.bootstrap_servers, options.records, options.seed)
    except (BrokerUnavailable, WorkerEndedError) as error:
        sys.exit(f"bench.hostile: {error}")
    print(json.dumps(summary(run)))  # noqa: T201 - its answer
    sys.exit(0 if run.valid else 1)


if __name__ == "__main__":
    main()
