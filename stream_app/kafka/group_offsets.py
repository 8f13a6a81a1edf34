"""The committed offsets of a group without members: a bookmark of whoever reads a topic to its end."""

from collections.abc import Mapping
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException
from confluent_kafka import TopicPartition as Position

from stream_app.kafka.client import REQUEST_TIMEOUT_S, Client, answer
from stream_app.kafka.connection import Connection
from stream_app.kafka.reader import consumer_settings, partitions_of


class CommittedOffset(NamedTuple):
    """What a group holds for a partition: the next offset to read, and a text of its own."""

    offset: int
    metadata: str = ""


class GroupOffsets:
    """Reads and commits the offsets of one group in one topic.

    Args:
        connection: where Kafka is.
        group: its name. While it has members the broker refuses commits from outside.
        topic: the topic.

    Raises:
        KafkaRequestError: of the kind that says what is wrong.
    """

    def __init__(self, connection: Connection, group: str, topic: str) -> None:
        settings = {**consumer_settings("read_committed"), "group.id": group}
        self._client = Client(Consumer, connection, "offsets", settings)
        self._topic = topic

    def read(self) -> dict[int, CommittedOffset]:
        """What is committed, by partition; a partition without a commit is left out.

        Raises:
            KafkaRequestError: of the kind that says what is wrong.
        """
        with self._client.calls() as consumer:
            wanted = [Position(self._topic, number) for number in partitions_of(consumer, self._topic)]
            found = answer(lambda: consumer.committed(wanted, timeout=REQUEST_TIMEOUT_S))
            _raise_errors(found)
        return {at.partition: CommittedOffset(at.offset, at.metadata or "") for at in found if at.offset >= 0}

    def commit(self, offsets: Mapping[int, CommittedOffset]) -> None:
        """Commit by partition, and wait until the broker holds it.

        Raises:
            KafkaRequestError: of the kind that says what is wrong.
        """
        places = [Position(self._topic, number, *committed) for number, committed in offsets.items()]
        if not places:
            return
        with self._client.calls() as consumer:
            _raise_errors(answer(lambda: consumer.commit(offsets=places, asynchronous=False)) or [])

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()


def _raise_errors(positions: list[Position]) -> None:
    for position in positions:
        if position.error is not None:
            raise KafkaException(position.error)
