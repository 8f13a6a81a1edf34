"""Where in a topic a point in time is."""

from confluent_kafka import OFFSET_END, Consumer

from stream_app.kafka.client import opened
from stream_app.kafka.connection import Connection
from stream_app.kafka.reader import consumer_settings, offsets_at, partitions_of


def offsets_at_time(connection: Connection, topic: str, timestamp_ms: int) -> dict[int, int]:
    """The offset of each partition's first record with this timestamp or a later one; else the end.

    Every record before it is older. Behind it older ones may follow, since producers set timestamps.

    Raises:
        KafkaRequestError: of the kind that says what is wrong.
    """
    with opened(Consumer, connection, "reader", consumer_settings("read_committed")) as consumer:
        partitions = partitions_of(consumer, topic)
        ends = offsets_at(OFFSET_END, consumer, topic, partitions)
        found = offsets_at(timestamp_ms, consumer, topic, partitions)
    return {number: ends[number] if found[number] < 0 else found[number] for number in partitions}
