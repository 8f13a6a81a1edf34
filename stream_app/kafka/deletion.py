"""Deletes the beginning of partitions."""

from collections.abc import Mapping

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka import TopicPartition as Position
from confluent_kafka.admin import AdminClient

from stream_app.kafka.client import REQUEST_TIMEOUT_S, opened, topic_error
from stream_app.kafka.connection import Connection, TopicError


def delete_records(connection: Connection, topic: str, before: Mapping[int, int]) -> None:
    """Delete the records below an offset, by partition, for good.

    Raises:
        TopicError: the topic does not exist, may not be used, or deletes nothing, being compacted only.
        KafkaRequestError: another error, of the kind that says what is wrong.
    """
    places = [Position(topic, number, offset) for number, offset in before.items()]
    if not places:
        return
    with opened(AdminClient, connection, "topics") as admin:
        for request in admin.delete_records(places, request_timeout=REQUEST_TIMEOUT_S).values():
            try:
                request.result()
            except KafkaException as error:
                raise _explained(topic, error.args[0]) or error from error


def _explained(topic: str, error: KafkaError) -> TopicError | None:
    if error.code() == KafkaError.POLICY_VIOLATION:
        return TopicError(f"topic {topic} is compacted: records are deleted only with cleanup.policy=delete")
    if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
        return TopicError(f"topic {topic}: grant the user Delete on it")
    return topic_error(topic, error)
