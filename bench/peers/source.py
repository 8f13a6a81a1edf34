"""Where a record came from."""

from typing import NamedTuple

from confluent_kafka import Message


class Source(NamedTuple):
    """The coordinates of an input record."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int


def source_of(message: Message) -> Source:
    """The coordinates of a record; only an event that is no record lacks them."""
    return Source(message.topic(), message.partition(), message.offset(), message.timestamp()[1])  # type: ignore[arg-type]
