"""Produces records to one topic and waits until the broker holds them."""

from collections.abc import Callable
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient

from stream_app.core.messages import OutputRecord
from stream_app.kafka.client import Client, opened
from stream_app.kafka.connection import Connection, KafkaRequestError
from stream_app.kafka.topic_state import topic_state

DELIVERY_TIMEOUT_S: Final = 30.0
"""How long a record is tried again before it counts as not delivered."""

BY_KEY: Final = -1
"""In the place of a partition: the one that Java's default gives the key, any for a null key."""

_POLL_S = 0.1
_SMALLEST_LIMIT = 1_000


class DeliveryError(KafkaRequestError):
    """The broker refused a record, or did not ack it in time. The message names the topic."""


class RecordTooLargeError(KafkaRequestError):
    """A record is larger than its topic allows; it was not sent. The message names topic and limit."""


class TopicWriter:
    """An idempotent producer for one topic.

    Args:
        connection: where Kafka is.
        topic: its name; it must exist.

    Attributes:
        topic: its name.
        partitions: how many it has.
        max_record_bytes: its `max.message.bytes`.

    Raises:
        TopicError: the topic does not exist, or its limits may not be read.
        KafkaRequestError: another error, of the kind that says what is wrong.
    """

    def __init__(self, connection: Connection, topic: str) -> None:
        with opened(AdminClient, connection, "writer") as admin:
            state = topic_state(admin, topic)
        self.topic = topic
        self.partitions = state.partitions
        self.max_record_bytes = state.readable_config().max_message_bytes
        self._client = Client(Producer, connection, "writer", _settings(self.max_record_bytes))
        self._failure: KafkaError | None = None

    def send(
        self, record: OutputRecord, partition: int = BY_KEY, acked: Callable[[], None] = lambda: None
    ) -> None:
        """Hand the record to the producer.

        Args:
            record: to be produced, with the time of sending as its timestamp.
            partition: where to.
            acked: called from `send` or `settle` when all in-sync replicas hold the record.

        Raises:
            RecordTooLargeError: it does not fit the topic.
            DeliveryError: the producer cannot go on.
        """

        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is None:
                acked()
            else:
                self._failure = self._failure or error

        try:
            while not self._enqueue(record, partition, delivered):
                self._client.raw.poll(_POLL_S)
        except KafkaException as error:
            if error.args[0].code() == KafkaError.MSG_SIZE_TOO_LARGE:
                raise RecordTooLargeError(
                    f"topic {self.topic} takes records of at most {self.max_record_bytes} bytes"
                ) from error
            raise self._not_acked(error.args[0]) from error

    def settle(self) -> None:
        """Wait until every record sent so far is acked.

        Raises:
            DeliveryError: one is not, or was not at an earlier call: whoever goes on must not forget it.
        """
        while len(self._client.raw):
            self._client.raw.poll(_POLL_S)
        if self._failure is not None:
            raise self._not_acked(self._failure)

    def close(self) -> None:
        """Let go of the connections. What is not settled is dropped."""
        self._client.close()

    def _enqueue(
        self, record: OutputRecord, partition: int, delivered: Callable[[KafkaError | None, Message], None]
    ) -> bool:
        """Whether the producer took the record; False while its queue is full."""
        try:
            self._client.raw.produce(
                self.topic,
                record.value,
                record.key,
                partition,
                on_delivery=delivered,
                headers=list(record.headers),
            )
        except BufferError:
            return False
        self._client.raw.poll(0)
        return True

    def _not_acked(self, error: KafkaError) -> DeliveryError:
        return DeliveryError(f"topic {self.topic}: a record was not acked: {error.str()} ({error.name()})")


def _settings(max_record_bytes: int) -> dict[str, Any]:
    """The producer's settings. A batch above the topic's limit would be refused with all that is in it."""
    return {
        "acks": "all",
        "enable.idempotence": True,
        "partitioner": "murmur2_random",
        "linger.ms": 5,
        "delivery.timeout.ms": int(DELIVERY_TIMEOUT_S * 1000),
        "message.max.bytes": max(max_record_bytes, _SMALLEST_LIMIT),
    }
