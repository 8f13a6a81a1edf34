"""Produces reviews to a topic, at a given rate or as fast as it goes, and accounts for each of them."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient

from stream_app.kafka.client import REQUEST_TIMEOUT_S, Client, opened
from stream_app.kafka.connection import Connection
from stream_app.kafka.topic_state import topic_state
from stream_app.review_files import FeedRecord, Problem

DELIVERY_TIMEOUT_S: Final = 30.0
"""How long a record is tried again before it counts as failed."""

_PROGRESS_S = 0.5
_POLL_S = 0.1
_SHORTEST_POLL_S = 0.001
_SMALLEST_LIMIT = 1_000
_PRODUCER_ID_S = 1.0  # librdkafka asks for an idempotent producer's id up to half a second after it connects


@dataclass(slots=True)
class FeedProgress:
    """How far a feed is. Once it has ended, `read` = `malformed` + `sent` and `sent` = `acked` + `failed`.

    Attributes:
        read: records taken from the source, the malformed ones included.
        malformed: of them, those that are not reviews.
        sent: given to the producer.
        acked: held by the broker, by all in-sync replicas.
        failed: refused, or not acked in time.
        seconds: since the start.
    """

    read: int = 0
    malformed: int = 0
    sent: int = 0
    acked: int = 0
    failed: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Acked records per second."""
        return self.acked / self.seconds if self.seconds else 0.0


class FeedWatch(NamedTuple):
    """Who is told what happens.

    Attributes:
        problem: a record is malformed, refused or not acked.
        progress: twice a second, and at the end.
    """

    problem: Callable[[Problem], None] = lambda _: None
    progress: Callable[[FeedProgress], None] = lambda _: None


def feed(
    connection: Connection,
    topic: str,
    records: Iterable[FeedRecord | Problem],
    rate: float | None = None,
    watch: FeedWatch | None = None,
) -> FeedProgress:
    """Produce the records in order, and wait until the broker has them or has refused them.

    Each goes to the partition that Java's default gives its key, with the time of sending as its timestamp.

    Args:
        connection: where Kafka is.
        topic: its name; it must exist.
        records: what to produce; the problems among them are counted and told.
        rate: records per second. Each has its time from the start on; a delay is caught up with.
        watch: is told what happens.

    Returns:
        The account.

    Raises:
        TopicError: the topic does not exist or may not be used.
        KafkaRequestError: another error before the first record, of the kind that says what is wrong.
    """
    client = Client(Producer, connection, "feed", _settings(connection, topic, rate))
    try:
        if rate is not None:
            with client.calls() as producer:
                _warm_up(producer, topic)
        return _Feed(client.raw, topic, watch or FeedWatch()).run(records, rate)
    finally:
        client.close()


def _settings(connection: Connection, topic: str, rate: float | None) -> dict[str, Any]:
    """The producer's settings. A batch above the topic's limit would be refused with all that is in it."""
    with opened(AdminClient, connection, "feed") as admin:
        config = topic_state(admin, topic).config
    settings = {
        "acks": "all",
        "enable.idempotence": True,
        "partitioner": "murmur2_random",
        "linger.ms": 5 if rate is None else 0,
        "delivery.timeout.ms": int(DELIVERY_TIMEOUT_S * 1000),
    }
    if config is not None:
        settings["message.max.bytes"] = max(config.max_message_bytes, _SMALLEST_LIMIT)
    return settings


def _warm_up(producer: Producer, topic: str) -> None:
    """Connect, so that the first records of a timed feed do not carry the wait for it in their timestamps."""
    producer.list_topics(topic, timeout=REQUEST_TIMEOUT_S)
    producer.poll(_PRODUCER_ID_S)


class _Feed:
    """One run."""

    def __init__(self, producer: Producer, topic: str, watch: FeedWatch) -> None:
        self._producer = producer
        self._topic = topic
        self._watch = watch
        self._started = self._told_at = time.monotonic()
        self._count = FeedProgress()

    def run(self, records: Iterable[FeedRecord | Problem], rate: float | None) -> FeedProgress:
        try:
            for record in records:
                self._count.read += 1
                if isinstance(record, Problem):
                    self._count.malformed += 1
                    self._watch.problem(record)
                    continue
                if rate is not None:
                    self._wait_until(self._started + self._count.sent / rate)
                self._send(record)
        finally:  # when it is interrupted, too
            self._drain()
        return self._progress()

    def _wait_until(self, due: float) -> None:
        while (left := due - time.monotonic()) > 0:
            if left > _SHORTEST_POLL_S:
                self._serve(min(left, _POLL_S))
            else:
                time.sleep(left)

    def _send(self, record: FeedRecord) -> None:
        self._count.sent += 1
        try:
            while not self._enqueue(record):
                self._serve(_POLL_S)
        except KafkaException as error:
            self._delivered(record.place, error.args[0])
        self._serve(0)

    def _enqueue(self, record: FeedRecord) -> bool:
        """Whether the producer took the record; False while its queue is full."""
        try:
            on_delivery = partial(self._delivered, record.place)
            self._producer.produce(self._topic, record.value, record.key, on_delivery=on_delivery)
        except BufferError:
            return False
        return True

    def _delivered(self, place: str, error: KafkaError | None, _: Message | None = None) -> None:
        if error is None:
            self._count.acked += 1
        else:
            self._count.failed += 1
            self._watch.problem(Problem(place, f"not produced to {self._topic}: {error.str()}"))

    def _drain(self) -> None:
        while len(self._producer):
            self._serve(_POLL_S)
        self._watch.progress(self._progress())

    def _serve(self, timeout_s: float) -> None:
        """Let the producer tell for up to so long what was delivered, and tell the progress in its turn."""
        self._producer.poll(timeout_s)
        now = time.monotonic()
        if now - self._told_at >= _PROGRESS_S:
            self._told_at = now
            self._watch.progress(self._progress())

    def _progress(self) -> FeedProgress:
        return replace(self._count, seconds=time.monotonic() - self._started)
