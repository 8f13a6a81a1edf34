"""A stream under test: its own topics and group, workers as real processes, and the account at the end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from stream_app.account import Account, Verdict, places
from stream_app.core.messages import ReviewResult, decode_result
from stream_app.kafka.connection import Connection, KafkaRequestError
from stream_app.kafka.reader import RawRecord, committed, end_offsets, read

PROGRAM = ("-m", "stream_app", "worker")
PATIENCE_S = 150
"""A busy machine is slow: what must be quick is measured, not waited for."""

FeedRecord = tuple[bytes | None, bytes | None]
"""Key and value."""


def reviews(count: int, start: int = 0) -> Iterator[FeedRecord]:
    """Numbered good reviews with a key each."""
    for number in range(start, start + count):
        text = f"Review {number} begins here. The sound is great! The battery is poor, sadly. I sent it back."
        review = {"review_id": f"r{number}", "title": "A headset", "text": text, "rating": number % 5 + 1}
        yield f"k{number % 97}".encode(), json.dumps(review).encode()


class WorkerProcess:
    """`stream-app worker` as a process; its log is a file."""

    def __init__(
        self, settings: Mapping[str, str], folder: Path, name: str, program: Sequence[str] = PROGRAM
    ) -> None:
        self.port = free_port()
        self.log = folder / f"{name}.log"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("STREAM_")}
        environment |= {"STREAM_HTTP_PORT": str(self.port), "STREAM_LOG_FORMAT": "json", **settings}
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, *program],
                env=environment,
                cwd=folder,
                stderr=log,
                stdout=log,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a page of the health server; 0 when it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def wait_until_ready(self, within_s: float = PATIENCE_S) -> None:
        wait_until(lambda: self.get("/readyz")[0] == 200 or self._raise_if_ended(), within_s, self.text)

    def _raise_if_ended(self) -> bool:
        code = self._process.poll()
        assert code is None, f"the worker ended with {code}:\n{self.text()}"
        return False

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def wait(self, within_s: float = 30) -> int:
        """The exit code."""
        return self._process.wait(within_s)

    def terminate(self) -> int:
        """The exit code after SIGTERM."""
        self.send(signal.SIGTERM)
        return self.wait()

    def text(self) -> str:
        return self.log.read_text()

    def events(self) -> list[str]:
        """The names of the events logged so far."""
        return [json.loads(line)["event"] for line in self.text().splitlines() if line.startswith("{")]


class Stream:
    """Topics and a group that nobody else uses; `defaults` are settings of all its workers."""

    def __init__(
        self, bootstrap_servers: str, prefix: str, folder: Path, defaults: Mapping[str, str] | None = None
    ) -> None:
        self._defaults = defaults or {}
        self.connection = Connection(bootstrap_servers)
        self.input, self.results, self.dead_letters = f"{prefix}.raw", f"{prefix}.sentiment", f"{prefix}.dlq"
        self.group = prefix
        self._folder = folder
        self._workers: list[WorkerProcess] = []
        self._admin = AdminClient(self.connection.confluent_config("test"))
        self._producer = Producer(
            self.connection.confluent_config("test") | {"enable.idempotence": True, "linger.ms": 5}
        )

    def create_topics(self, partitions: int = 4, replicas: int = 1, **configs: dict[str, str]) -> None:
        """`configs`: by role (input, results, dead_letters), topic configuration."""
        roles = {"input": self.input, "results": self.results, "dead_letters": self.dead_letters}
        new = [
            NewTopic(name, partitions, replicas, config=configs.get(role, {})) for role, name in roles.items()
        ]
        for created in self._admin.create_topics(new).values():
            created.result()

    def feed(self, records: Iterable[FeedRecord], per_s: float | None = None) -> None:
        """Produce the records and wait for the broker; at a rate if one is given."""
        begun = time.monotonic()
        for number, (key, value) in enumerate(records):
            if per_s and (ahead := begun + number / per_s - time.monotonic()) > 0:
                self._producer.flush(ahead)
                time.sleep(max(begun + number / per_s - time.monotonic(), 0))
            self._producer.produce(self.input, value, key=key)
            self._producer.poll(0)
        assert self._producer.flush(60) == 0

    def feed_large(self, value: bytes) -> None:
        """Produce one record that is larger than producers send by default."""
        config = self.connection.confluent_config("test") | {"message.max.bytes": len(value) + 10_000}
        producer = Producer(config)
        producer.produce(self.input, value, key=b"large")
        assert producer.flush(60) == 0

    def start_worker(self, *, program: Sequence[str] = PROGRAM, **settings: str) -> WorkerProcess:
        """A worker of the group; settings by their names without the prefix, in lower case."""
        environment = {
            "STREAM_BOOTSTRAP_SERVERS": self.connection.bootstrap_servers,
            "STREAM_GROUP_ID": self.group,
            "STREAM_INPUT_TOPIC": self.input,
            "STREAM_RESULT_TOPIC": self.results,
            "STREAM_DLQ_TOPIC": self.dead_letters,
        } | {f"STREAM_{name.upper()}": value for name, value in {**self._defaults, **settings}.items()}
        worker = WorkerProcess(environment, self._folder, f"worker-{len(self._workers)}", program)
        self._workers.append(worker)
        return worker

    def read_results(self) -> list[RawRecord]:
        return list(read(self.connection, self.results))

    def decoded_results(self) -> list[ReviewResult]:
        return [decode_result(record.value or b"") for record in self.read_results()]

    def read_dead_letters(self) -> list[RawRecord]:
        return list(read(self.connection, self.dead_letters))

    def outputs(self) -> int:
        """How many records both output topics hold; 0 while the broker cannot tell."""
        try:
            ends = [end_offsets(self.connection, topic) for topic in (self.results, self.dead_letters)]
        except KafkaRequestError:
            return 0
        return sum(sum(of_topic.values()) for of_topic in ends)

    def lag(self) -> int:
        """How many inputs the group has not committed: they are still to come, not lost."""
        ends = end_offsets(self.connection, self.input)
        return sum(ends.values()) - sum(self.committed().values())

    def committed(self) -> dict[int, int]:
        """The group's committed offsets, by partition of the input."""
        return committed(self.connection, self.group, self.input)

    def wait_for_outputs(self, count: int, within_s: float = PATIENCE_S) -> None:
        wait_until(lambda: self.outputs() >= count or self._raise_if_all_ended(), within_s, self.logs)

    def verdict(self) -> Verdict:
        """The account, from the topics as they are now."""
        account = Account()
        for result in self.decoded_results():
            assert result.source
            account.result((result.source.partition, result.source.offset))
        for record in self.read_dead_letters():
            headers = {name: value or b"" for name, value in record.headers}
            place = headers["__connect.errors.partition"], headers["__connect.errors.offset"]
            account.dead_letter((int(place[0]), int(place[1])))
        return account.close(places(end_offsets(self.connection, self.input)))

    def wait_until_nothing_is_lost(self, within_s: float = PATIENCE_S) -> Verdict:
        """The verdict as soon as every input has an output."""
        wait_until(lambda: self.verdict().lost == 0 or self._raise_if_all_ended(), within_s, self.logs)
        return self.verdict()

    def set_config(self, topic: str, **config: str) -> None:
        """Change the configuration of a topic; `max_message_bytes` stands for `max.message.bytes`."""
        entries = [
            ConfigEntry(name.replace("_", "."), value, incremental_operation=AlterConfigOpType.SET)
            for name, value in config.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
        for altered in self._admin.incremental_alter_configs([resource]).values():
            altered.result()

    def terminate_workers(self) -> list[int]:
        """The exit codes of the workers that still run, after SIGTERM; one that starts is let start first."""
        running = [worker for worker in self._workers if worker.is_running]
        for worker in running:
            worker.wait_until_ready()
        for worker in running:
            worker.send(signal.SIGTERM)
        return [worker.wait() for worker in running]

    def close(self) -> None:
        for worker in self._workers:
            worker.kill()
        names = [self.input, self.results, self.dead_letters]
        for deleted in self._admin.delete_topics(names, request_timeout=3).values():
            deleted.exception()  # the broker of a test under faults may be away

    def _raise_if_all_ended(self) -> bool:
        assert any(worker.is_running for worker in self._workers), f"no worker runs:\n{self.logs()}"
        return False

    def logs(self) -> str:
        """The end of each worker's log."""
        return "\n".join(worker.text()[-3000:] for worker in self._workers)


@contextmanager
def stream(bootstrap_servers: str, prefix: str, folder: Path, **defaults: str) -> Iterator[Stream]:
    """A stream with its topics not yet made; its workers end and its topics go with the block."""
    made = Stream(bootstrap_servers, prefix, folder, defaults)
    try:
        yield made
    finally:
        made.close()


def wait_until(condition: Callable[[], bool], within_s: float, explain: Callable[[], str]) -> None:
    """Until it holds, or fail with the explanation."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s:.0f} s:\n{explain()}"
        time.sleep(0.1)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
