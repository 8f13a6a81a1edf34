"""What a person can do to the topics and the group of a stream while it runs."""

from collections.abc import Mapping

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic, OffsetSpec

from tests.faults.oracle import LOG_APPEND_TIME
from tests.stream import PATIENCE_S, Stream, wait_until


def delete_topic(flow: Stream, name: str) -> None:
    """Delete the topic, with all that it holds."""
    admin = _admin(flow)  # held: a request ends with its client
    admin.delete_topics([name])[name].result()


def create_output_topic(flow: Stream, name: str, partitions: int = 4) -> None:
    """Create the topic as soon as its name is free: a deletion takes a moment."""
    admin = _admin(flow)
    wait_until(lambda: _is_created(admin, name, partitions), PATIENCE_S, lambda: f"{name} exists")


def has_open_transaction(flow: Stream, name: str) -> bool:
    """Whether the topic holds something that is neither committed nor aborted."""
    admin = _admin(flow)
    partitions = admin.list_topics(name, timeout=PATIENCE_S).topics[name].partitions
    latest = {
        TopicPartition(name, number): OffsetSpec.latest()  # type: ignore[no-untyped-call]
        for number in partitions
    }
    committed, written = (
        [request.result().offset for request in admin.list_offsets(latest, isolation_level=level).values()]
        for level in (IsolationLevel.READ_COMMITTED, IsolationLevel.READ_UNCOMMITTED)
    )
    return committed != written


def add_partitions(flow: Stream, name: str, partitions: int) -> None:
    """From now on the topic has so many."""
    admin = _admin(flow)
    admin.create_partitions([NewPartitions(name, partitions)])[name].result()


def set_offsets(flow: Stream, offsets: Mapping[int, int]) -> None:
    """The group is to go on from these, by partition of the input.

    Raises:
        KafkaException: the broker refuses it, as it does while the group has members.
    """
    places = [TopicPartition(flow.input, number, offset) for number, offset in offsets.items()]
    wanted = ConsumerGroupTopicPartitions(flow.group, places)
    admin = _admin(flow)
    answered = admin.alter_consumer_group_offsets([wanted])[flow.group].result()
    for place in answered.topic_partitions:
        if place.error is not None:
            raise KafkaException(place.error)


def _is_created(admin: AdminClient, name: str, partitions: int) -> bool:
    try:
        admin.create_topics([NewTopic(name, partitions, 1, config=LOG_APPEND_TIME)])[name].result()
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise
    return True


def _admin(flow: Stream) -> AdminClient:
    return AdminClient(flow.connection.confluent_config("test"))
