"""Members that join a group and leave it again, each time at the cost of a rebalance."""

import time
from collections.abc import Callable
from itertools import count

from confluent_kafka import Consumer

from stream_app.kafka.connection import Connection
from tests.faults.trial import SESSION_S


def storm(connection: Connection, group: str, topic: str, until: Callable[[], bool]) -> int:
    """Another member joins, holds its partitions for a second without work, and leaves; again and again.

    Args:
        connection: where Kafka is.
        group: the workers' group.
        topic: the input topic.
        until: asked after each leave.

    Returns:
        How many joined.
    """
    for joined in count(1):
        _join_for_a_second(connection, group, topic)
        if until():
            return joined
    raise AssertionError


def _join_for_a_second(connection: Connection, group: str, topic: str) -> None:
    settings = {
        "group.id": group,
        "enable.auto.commit": False,
        "partition.assignment.strategy": "roundrobin",
        "session.timeout.ms": SESSION_S * 1000,  # one that leaves while it joins is waited for as long
    }
    member = Consumer(connection.confluent_config("test") | settings)
    member.subscribe([topic])
    leaves_at = time.monotonic() + 1
    while time.monotonic() < leaves_at:
        member.poll(0.1)
    member.close()
