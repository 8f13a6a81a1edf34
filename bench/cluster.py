"""The broker as the benchmark sees it: topics made and filled, progress watched, results read back."""

import time
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from confluent_kafka import (
    OFFSET_END,
    Consumer,
    ConsumerGroupState,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, NewTopic
from numpy.typing import NDArray

from bench.account import key_of

PARTITIONS: Final = 12
_TIMEOUT_S: Final = 30.0
_RETRY_S: Final = 0.1
_ERRORS_ONLY: Final = 3
_READ: Final = 10_000
_EXAMPLE_EVERY: Final = 500
_NO_COMMIT: Final = {"enable.auto.commit": False, "auto.offset.reset": "earliest"}


class Output(NamedTuple):
    """A topic read back.

    Attributes:
        keys: of all records.
        appended_ms: when the broker appended each, shape (records,).
        value_bytes: of all values together.
        examples: key and value of some records.
    """

    keys: list[bytes | None]
    appended_ms: NDArray[np.int64]
    value_bytes: int
    examples: list[tuple[bytes, bytes]]


class Cluster:
    """A broker of the benchmark's own.

    Args:
        bootstrap_servers: host:port.
    """

    def __init__(self, bootstrap_servers: str) -> None:
        self.bootstrap_servers = bootstrap_servers
        self._partitions: dict[str, int] = {}
        self._admin = AdminClient({"bootstrap.servers": bootstrap_servers})
        self._asker = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": "bench-asker",
                "log_level": _ERRORS_ONLY,  # it would tell of every topic that is removed
                **_NO_COMMIT,
            }
        )

    def close(self) -> None:
        """Let go of the connections, before the broker goes."""
        self._asker.close()
        with self._admin:
            pass

    def create(self, *names: str, partitions: int = PARTITIONS) -> None:
        """Topics whose records carry the broker's time of append: one clock for everyone's results."""
        self._partitions |= dict.fromkeys(names, partitions)
        config = {"message.timestamp.type": "LogAppendTime"}
        topics = [NewTopic(name, partitions, 1, config=config) for name in names]
        for done in self._admin.create_topics(topics).values():
            done.result(_TIMEOUT_S)
        for name in names:
            self._wait_for_leaders(name)

    def _wait_for_leaders(self, topic: str) -> None:
        deadline = time.monotonic() + _TIMEOUT_S
        while not self._is_led(topic):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{topic}: no leaders after {_TIMEOUT_S} s")
            time.sleep(_RETRY_S)

    def _is_led(self, topic: str) -> bool:
        partitions = self._asker.list_topics(topic, _TIMEOUT_S).topics[topic].partitions
        return len(partitions) == self.partitions(topic) and all(
            partition.leader >= 0 for partition in partitions.values()
        )

    def partitions(self, topic: str) -> int:
        """How many a topic has that was created here."""
        return self._partitions[topic]

    def delete(self, *names: str) -> None:
        """Remove topics."""
        for done in self._admin.delete_topics(list(names)).values():
            done.result(_TIMEOUT_S)

    def fill(self, topic: str, values: Sequence[bytes], count: int) -> None:
        """Produce `count` records, the values over and over, spread evenly, each with a key of its own.

        Raises:
            KafkaException: the broker refused one.
        """
        partitions = self.partitions(topic)
        producer = Producer(
            {
                "bootstrap.servers": self.bootstrap_servers,
                "linger.ms": 50,
                "queue.buffering.max.messages": count + 1,
                "queue.buffering.max.kbytes": 2_000_000,
            }
        )
        for number in range(count):
            value = values[number % len(values)]
            producer.produce(topic, value, key_of(number), number % partitions)
            if number % _READ == 0:
                producer.poll(0)
        producer.flush()
        if (held := self.count(topic)) != count:
            raise RuntimeError(f"{topic}: {held} of {count} records arrived")

    def count(self, topic: str) -> int:
        """Records in a topic from which nothing was removed, with the markers of transactions."""
        return sum(partition.offset for partition in self.ends(topic))

    def ends(self, topic: str) -> list[TopicPartition]:
        """The offset behind the last record of each partition."""
        deadline = time.monotonic() + _TIMEOUT_S
        while True:
            try:
                return self._ends(topic)
            except (
                KafkaException
            ):  # the broker of a topic made a moment ago may not yet know that it leads it
                if time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_S)

    def _ends(self, topic: str) -> list[TopicPartition]:
        wanted = [TopicPartition(topic, number, OFFSET_END) for number in range(self.partitions(topic))]
        found = self._asker.offsets_for_times(wanted, _TIMEOUT_S)
        for partition in found:
            if partition.error:
                raise KafkaException(partition.error)
        return found

    def members(self, group_id: str) -> int:
        """How many members a group has that all hold their partitions; 0 while they are being handed out."""
        group = self._admin.describe_consumer_groups([group_id])[group_id].result(_TIMEOUT_S)
        return len(group.members) if group.state is ConsumerGroupState.STABLE else 0

    def read(self, topic: str) -> Output:
        """Everything in a topic."""
        keys: list[bytes | None] = []
        appended_ms: list[int] = []
        value_bytes = 0
        examples = []
        for message in self._messages(topic):
            value = message.value() or b""
            if len(keys) % _EXAMPLE_EVERY == 0:
                examples.append((message.key() or b"", value))
            keys.append(message.key())
            appended_ms.append(message.timestamp()[1])
            value_bytes += len(value)
        return Output(keys, np.array(appended_ms, np.int64), value_bytes, examples)

    def _messages(self, topic: str) -> Iterable[Message]:
        """Until each partition has told its end: the last offsets of one may be transactions' markers."""
        config = {"bootstrap.servers": self.bootstrap_servers, "group.id": "bench-read", **_NO_COMMIT}
        consumer = Consumer({**config, "enable.partition.eof": True})
        to_come = self.partitions(topic)
        consumer.assign([TopicPartition(topic, number, 0) for number in range(to_come)])
        while to_come:
            message = consumer.poll(_TIMEOUT_S)
            if message is None:
                raise TimeoutError(f"{topic}: no record within {_TIMEOUT_S} s, {to_come} partitions not read")
            if (error := message.error()) is None:
                yield message
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - public, though it begins with _
                to_come -= 1
            else:
                raise KafkaException(error)
        consumer.close()


class Group:
    """The committed offsets of a consumer group, seen from outside.

    Args:
        cluster: where it is.
        group_id: of the group.
        topic: that it reads.
    """

    def __init__(self, cluster: Cluster, group_id: str, topic: str) -> None:
        config = {"bootstrap.servers": cluster.bootstrap_servers, "group.id": group_id, **_NO_COMMIT}
        self._consumer = Consumer(config)
        self._partitions = [TopicPartition(topic, number) for number in range(cluster.partitions(topic))]

    def committed(self) -> int:
        """How many records lie before the committed offsets of a topic that starts at 0."""
        offsets = self._consumer.committed(self._partitions, timeout=_TIMEOUT_S)
        return sum(max(partition.offset, 0) for partition in offsets)

    def close(self) -> None:
        """Forget the connection."""
        self._consumer.close()
