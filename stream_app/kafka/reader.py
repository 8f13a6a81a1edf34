"""Reads a topic outside any consumer group, bounded or endless, and asks for offsets."""
# ruff: noqa: SLF001 - librdkafka's own error codes are public, though they begin with an underscore

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, cast

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, Message
from confluent_kafka import ConsumerGroupTopicPartitions as GroupPartitions
from confluent_kafka import TopicPartition as Position
from confluent_kafka.admin import AdminClient

from stream_app.kafka.client import REQUEST_TIMEOUT_S, answer, opened, topic_error
from stream_app.kafka.connection import Connection, TopicError

Isolation = Literal["read_committed", "read_uncommitted"]
Start = Literal["earliest", "latest"] | Mapping[int, int]

_BATCH = 500
_POLL_S = 0.2


class RawRecord(NamedTuple):
    """A record as it is in its topic. `timestamp` is in ms since the epoch, -1 when it has none."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


def read(  # noqa: PLR0913, PLR0917 - each but the first two has a good default
    connection: Connection,
    topic: str,
    start: Start = "earliest",
    isolation: Isolation = "read_committed",
    idle_timeout_s: float = 30.0,
    until: Mapping[int, int] | None = None,
) -> Iterator[RawRecord]:
    """The records from `start` to the ends that the partitions have at the time of this call.

    Args:
        connection: where Kafka is.
        topic: its name.
        start: where to begin; offsets by partition read these partitions alone.
        isolation: whether records of open and aborted transactions are left out.
        idle_timeout_s: without a record for so long, short of the ends, the broker counts as unavailable.
        until: earlier ends, by partition: the offsets before which to stop.

    Returns:
        An iterator, in order within each partition.

    Raises:
        KafkaRequestError: here and while reading, of the kind that says what is wrong.
    """
    with opened(Consumer, connection, "reader", consumer_settings(isolation)) as consumer:
        starts, ends = _span(consumer, topic, start)
    ends = {partition: min(end, (until or ends).get(partition, end)) for partition, end in ends.items()}
    starts = {partition: offset for partition, offset in starts.items() if offset < ends[partition]}
    return _before(ends, _batches(connection, topic, starts, isolation, idle_timeout_s), set(starts))


def follow(
    connection: Connection,
    topic: str,
    start: Start = "latest",
    isolation: Isolation = "read_committed",
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[RawRecord]:
    """The records from `start` on, without an end. While the broker is away it waits for it.

    Args:
        connection: where Kafka is.
        topic: its name. Partitions that are added later are not seen.
        start: where to begin, resolved at the time of this call.
        isolation: as for `read`.
        stop: asked several times a second; True ends it.

    Raises:
        KafkaRequestError: as `read` does, though never BrokerUnavailableError once this call has returned.
    """
    with opened(Consumer, connection, "reader", consumer_settings(isolation)) as consumer:
        starts, _ = _span(consumer, topic, start)
    return _until(stop, _batches(connection, topic, starts, isolation))


def beginning_offsets(connection: Connection, topic: str) -> dict[int, int]:
    """The offset of the first record that each partition still holds, by partition.

    Raises:
        KafkaRequestError: of the kind that says what is wrong.
    """
    with opened(Consumer, connection, "reader", consumer_settings("read_committed")) as consumer:
        return offsets_at(OFFSET_BEGINNING, consumer, topic, partitions_of(consumer, topic))


def offsets_since(connection: Connection, topic: str, timestamp_ms: int) -> dict[int, int]:
    """The offset of each partition's first record that is not older; where there is none, its end.

    Args:
        connection: where Kafka is.
        topic: its name.
        timestamp_ms: since the epoch.

    Raises:
        KafkaRequestError: of the kind that says what is wrong.
    """
    with opened(Consumer, connection, "reader", consumer_settings("read_committed")) as consumer:
        partitions = partitions_of(consumer, topic)
        ends = offsets_at(OFFSET_END, consumer, topic, partitions)
        found = offsets_at(timestamp_ms, consumer, topic, partitions)
    return {partition: offset if offset >= 0 else ends[partition] for partition, offset in found.items()}


def end_offsets(
    connection: Connection, topic: str, isolation: Isolation = "read_committed"
) -> dict[int, int]:
    """The offset behind each partition's last record; with read_committed before any open transaction.

    Raises:
        KafkaRequestError: of the kind that says what is wrong.
    """
    with opened(Consumer, connection, "reader", consumer_settings(isolation)) as consumer:
        return offsets_at(OFFSET_END, consumer, topic, partitions_of(consumer, topic))


def committed(connection: Connection, group: str, topic: str) -> dict[int, int]:
    """The committed offset of each partition in which the group has committed one.

    Raises:
        KafkaRequestError: of the kind that says what is wrong.
    """
    with opened(AdminClient, connection, "reader") as admin:
        positions = answer(lambda: _group_positions(admin, group))
    return {at.partition: at.offset for at in sorted(positions) if at.topic == topic and at.offset >= 0}


def consumer_settings(isolation: Isolation) -> dict[str, Any]:
    """What a consumer needs that assigns itself partitions and commits nothing."""
    return {
        "group.id": "stream-app-reader",  # librdkafka wants one; with `assign` alone it is never joined
        "enable.auto.commit": False,
        "isolation.level": isolation,
        "auto.offset.reset": "earliest",  # when retention was faster than the reader
        "enable.partition.eof": True,
        "fetch.wait.max.ms": 100,  # the end of a partition is told only when a fetch has waited in vain
    }


def partitions_of(consumer: Consumer, topic: str) -> list[int]:
    """The topic's partitions.

    Raises:
        TopicError: it does not exist or may not be used.
        KafkaException: another error.
    """
    found = consumer.list_topics(topic, timeout=REQUEST_TIMEOUT_S).topics[topic]
    if found.error is None:
        return sorted(found.partitions)
    raise topic_error(topic, found.error) or KafkaException(found.error)


def offsets_at(where: int, consumer: Consumer, topic: str, partitions: Collection[int]) -> dict[int, int]:
    """The offset of OFFSET_BEGINNING, OFFSET_END or a timestamp (ms) in each partition.

    In Kafka's ListOffsets the two stand where else a timestamp does: one request answers for all partitions,
    where `get_watermark_offsets` sends two for each. Nothing so young is OFFSET_END as well.

    Raises:
        KafkaException: of librdkafka.
    """
    wanted = [Position(topic, partition, where) for partition in partitions]
    return answer(lambda: _found_offsets(consumer, wanted)) if wanted else {}


def is_end(message: Message) -> bool:
    """Whether the message tells that its partition has no more records, instead of being one."""
    error = message.error()
    return error is not None and error.code() == KafkaError._PARTITION_EOF


def checked(topic: str, messages: Sequence[Message]) -> list[Message]:
    """The records and ends of partitions among the messages.

    Raises:
        TopicError, KafkaException: another error is among them.
    """
    useful = []
    for message in messages:
        error = message.error()
        if error is None or error.code() == KafkaError._PARTITION_EOF:
            useful.append(message)
        elif error.code() != KafkaError.GROUP_AUTHORIZATION_FAILED:  # no group is used
            raise topic_error(topic, error) or KafkaException(error)
    return useful


def _found_offsets(consumer: Consumer, wanted: list[Position]) -> dict[int, int]:
    found = consumer.offsets_for_times(wanted, timeout=REQUEST_TIMEOUT_S)
    for position in found:
        if position.error is not None:
            raise KafkaException(position.error)
    return {position.partition: position.offset for position in found}


def _group_positions(admin: AdminClient, group: str) -> list[Position]:
    request = [GroupPartitions(group)]
    answers = admin.list_consumer_group_offsets(request, request_timeout=REQUEST_TIMEOUT_S)
    return cast("list[Position]", answers[group].result().topic_partitions)


def _span(consumer: Consumer, topic: str, start: Start) -> tuple[dict[int, int], dict[int, int]]:
    """The first and the end offset of what is to be read, by partition."""
    partitions = partitions_of(consumer, topic)
    firsts = offsets_at(OFFSET_BEGINNING, consumer, topic, partitions)
    ends = offsets_at(OFFSET_END, consumer, topic, partitions)
    if start == "earliest":
        return firsts, ends
    if start == "latest":
        return ends, ends
    if absent := set(start) - set(partitions):
        raise TopicError(f"topic {topic} has no partition {min(absent)}: it has {len(partitions)}, from 0 on")
    return {number: min(max(offset, firsts[number]), ends[number]) for number, offset in start.items()}, ends


def _batches(
    connection: Connection,
    topic: str,
    starts: Mapping[int, int],
    isolation: Isolation,
    idle_timeout_s: float = math.inf,
) -> Iterator[list[Message]]:
    """What comes in, as it comes; an empty list when nothing has for a moment."""
    idle_s = 0.0
    with opened(Consumer, connection, "reader", consumer_settings(isolation)) as consumer:
        consumer.assign([Position(topic, partition, offset) for partition, offset in starts.items()])
        while idle_s <= idle_timeout_s:
            first = consumer.poll(_POLL_S)  # `consume` alone would wait for a full batch
            idle_s = 0.0 if first is not None else idle_s + _POLL_S
            yield checked(topic, [first, *consumer.consume(_BATCH, timeout=0)] if first is not None else [])
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"no record came for {idle_timeout_s:g} s"))


def _before(
    ends: Mapping[int, int], batches: Iterator[list[Message]], waiting: set[int]
) -> Iterator[RawRecord]:
    """The records before the ends. A gap in the offsets (a transaction's marker) may lie before an end."""
    while waiting:
        messages = next(batches)
        records = [raw_record(message) for message in messages if not is_end(message)]
        yield from (record for record in records if record.offset < ends[record.partition])
        waiting -= {record.partition for record in records if record.offset + 1 >= ends[record.partition]}
        waiting -= {cast("int", message.partition()) for message in messages if is_end(message)}


def _until(stop: Callable[[], bool], batches: Iterator[list[Message]]) -> Iterator[RawRecord]:
    while not stop():
        yield from (raw_record(message) for message in next(batches) if not is_end(message))


def raw_record(message: Message) -> RawRecord:
    """A message without an error, as a record."""
    place = (cast("str", message.topic()), cast("int", message.partition()), cast("int", message.offset()))
    headers = cast("list[tuple[str, bytes | None]]", message.headers() or [])
    return RawRecord(*place, message.timestamp()[1], message.key(), message.value(), tuple(headers))
