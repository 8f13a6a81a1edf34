"""How far a consumer group is behind, asked of the broker by a client that is no member of the group."""
# ruff: noqa: SLF001 - librdkafka's own error codes are public, though they begin with an underscore

import time
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple, cast

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, Message
from confluent_kafka import TopicPartition as Position

from stream_app.kafka.client import REQUEST_TIMEOUT_S, Client, answer
from stream_app.kafka.connection import Connection
from stream_app.kafka.reader import RawRecord, checked, consumer_settings, is_end, offsets_at, raw_record
from stream_app.lag import Lag, TopicPartition

_POLL_S = 0.1
_FETCH_BYTES = 65_536
_SHORTEST_LAG_S = 0.001


class _First(NamedTuple):
    """What a read from `since` up to `end` met first: a record, or None when it met none."""

    since: int
    end: int
    record: RawRecord | None


class LagReader:
    """Tells the lag of partitions of one topic. Not thread-safe.

    Args:
        connection: where Kafka is.
        group: whose committed offsets count.
        topic: of the partitions.
        clock: seconds since the epoch.

    Raises:
        ConnectionSettingsError: a setting is wrong.
    """

    def __init__(
        self,
        connection: Connection,
        group: str,
        topic: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        settings = {
            **consumer_settings("read_committed"),
            "group.id": group,
            "fetch.message.max.bytes": _FETCH_BYTES,
        }
        self._client = Client(Consumer, connection, "lag", settings)
        self._topic = topic
        self._clock = clock
        self._firsts: dict[int, _First] = {}

    def __call__(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, Lag]:
        """The lag of each of the partitions; without a committed offset it counts from the first record.

        What does not count as lag, since no consumer is ever given it: the records of aborted and open
        transactions, and the markers of transactions, when no other record follows them.

        Raises:
            BrokerUnavailableError: no answer came within 10 s.
            KafkaRequestError: another error, of the kind that says what is wrong.
        """
        numbers = [number for _, number in partitions]
        with self._client.calls() as consumer:
            ends = offsets_at(OFFSET_END, consumer, self._topic, numbers)
            nexts = self._next_offsets(consumer, numbers)
            behind = {number: since for number, since in nexts.items() if since < ends[number]}
            known = self._known(behind, ends)
            unread = {number: since for number, since in behind.items() if number not in known}
            self._firsts = known | (self._read(consumer, unread, ends) if unread else {})
        return {(self._topic, number): self._lag(number, ends[number]) for number in numbers}

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _next_offsets(self, consumer: Consumer, numbers: Collection[int]) -> dict[int, int]:
        """Where a consumer of the group would go on."""
        oldest = offsets_at(OFFSET_BEGINNING, consumer, self._topic, numbers)
        wanted = [Position(self._topic, number) for number in numbers]
        positions = answer(lambda: consumer.committed(wanted, timeout=REQUEST_TIMEOUT_S)) if wanted else []
        return {at.partition: max(at.offset, oldest[at.partition]) for at in positions}

    def _known(self, behind: Mapping[int, int], ends: Mapping[int, int]) -> dict[int, _First]:
        """What need not be read again: nothing was committed since, and nothing could have been added."""
        return {
            number: first
            for number, first in self._firsts.items()
            if behind.get(number) == first.since and (first.record is not None or first.end == ends[number])
        }

    def _read(
        self, consumer: Consumer, unread: Mapping[int, int], ends: Mapping[int, int]
    ) -> dict[int, _First]:
        """The first records from these offsets on."""
        consumer.assign([Position(self._topic, number, since) for number, since in unread.items()])
        try:
            messages = self._first_messages(consumer, len(unread))
        finally:
            consumer.unassign()  # nothing is fetched between two calls
        return {
            number: _First(unread[number], ends[number], None if is_end(message) else raw_record(message))
            for number, message in messages.items()
        }

    def _first_messages(self, consumer: Consumer, partitions: int) -> dict[int, Message]:
        """The first message of each of so many partitions."""
        found: dict[int, Message] = {}
        deadline = time.monotonic() + REQUEST_TIMEOUT_S
        while len(found) < partitions:
            if time.monotonic() > deadline:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "the first records did not come"))
            for message in checked(self._topic, consumer.consume(partitions, timeout=_POLL_S)):
                found.setdefault(cast("int", message.partition()), message)
        return found

    def _lag(self, number: int, end: int) -> Lag:
        first = self._firsts.get(number)
        if first is None or first.record is None:
            return Lag(0, 0)
        # The record may be newer than `end`. And its timestamp may lie ahead of our clock: 0 is kept for
        # partitions where nothing waits.
        seconds = max(self._clock() - first.record.timestamp / 1000, _SHORTEST_LAG_S)
        return Lag(max(end - first.record.offset, 1), seconds)
