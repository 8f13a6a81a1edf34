"""The lag of a group on a real broker, while its committed offsets move."""

from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from stream_app.kafka.broker import Broker, LocalBroker
from stream_app.kafka.connection import BrokerUnavailableError, Connection, KafkaRequestError
from stream_app.kafka.lag_reader import LagReader
from stream_app.kafka.reader import end_offsets
from stream_app.kafka.topics import delete
from stream_app.lag import Lag
from tests.stream import wait_until
from tests.topics import make_topic

pytestmark = pytest.mark.broker

NOW_S = 1_700_000_000
RECORD_MS = 1_600_000_000_000
"""The timestamp of the record at offset 0; each next one is a second younger."""


class Group:
    """A topic of three partitions, and a group that commits what it is told to."""

    def __init__(self, servers: str, topic: str) -> None:
        self.topic = topic
        self.connection = Connection(servers)
        self.admin = AdminClient(self.connection.confluent_config("test"))
        make_topic(self.connection, topic, partitions=3)
        self.lag_reader = LagReader(self.connection, topic, topic, clock=lambda: NOW_S)
        self._written = 0

    def commit(self, offset: int, partition: int = 0) -> None:
        with Consumer(self.connection.confluent_config("test") | {"group.id": self.topic}) as consumer:
            consumer.commit(offsets=[TopicPartition(self.topic, partition, offset)], asynchronous=False)

    def produce(self, count: int, partition: int = 0, size: int = 1) -> None:
        # Idempotent: in order, also when one is sent again.
        own = {"message.max.bytes": 2_000_000, "enable.idempotence": True}
        config = self.connection.confluent_config("test") | own
        with Producer(config) as producer:
            self._write(producer, count, partition, size)

    def begin_transaction(self, count: int) -> Producer:
        producer = Producer(self.connection.confluent_config("test") | {"transactional.id": self.topic})
        producer.init_transactions(30)
        producer.begin_transaction()
        self._write(producer, count, 0, 1)
        return producer

    def _write(self, producer: Producer, count: int, partition: int, size: int) -> None:
        failures: list[object] = []
        for _ in range(count):
            timestamp = RECORD_MS + self._written * 1000
            producer.produce(
                self.topic,
                b"x" * size,
                partition=partition,
                timestamp=timestamp,
                on_delivery=lambda error, _: failures.append(error),
            )
            self._written += 1
        producer.flush(30)
        assert failures == [None] * count

    def await_marker(self) -> None:
        """Until the broker has put the marker of a transaction that has ended: it does so in its own time."""
        wait_until(self._nothing_is_open, 30, lambda: "a transaction is still open")

    def _nothing_is_open(self) -> bool:
        everything = end_offsets(self.connection, self.topic, "read_uncommitted")
        return end_offsets(self.connection, self.topic) == everything

    def lag(self, partition: int = 0) -> Lag:
        return self.lag_reader([(self.topic, partition)])[(self.topic, partition)]


def behind(records: int, first: int) -> Lag:
    """The lag when the first uncommitted record is the `first` that was produced."""
    return Lag(records, NOW_S - (RECORD_MS / 1000 + first))


@pytest.fixture
def group(broker: Broker, topic_name: str) -> Iterator[Group]:
    made = Group(broker.bootstrap_servers, topic_name)
    yield made
    made.lag_reader.close()
    delete(made.connection, [topic_name])


def test_an_empty_partition_has_no_lag(group: Group) -> None:
    assert group.lag() == Lag(0, 0)


def test_without_a_committed_offset_it_counts_from_the_beginning(group: Group) -> None:
    group.produce(5)
    assert group.lag() == behind(5, first=0)


def test_it_follows_what_is_committed_and_what_is_produced(group: Group) -> None:
    group.produce(5)
    group.commit(2)
    assert group.lag() == behind(3, first=2)
    group.produce(2)
    assert group.lag() == behind(5, first=2)
    group.commit(6)
    assert group.lag() == behind(1, first=6)
    group.commit(7)
    assert group.lag() == Lag(0, 0)
    group.produce(1)
    assert group.lag() == behind(1, first=7)


def test_each_partition_has_its_own(group: Group) -> None:
    group.produce(3, partition=0)
    group.produce(2, partition=1)
    group.commit(1, partition=1)
    places = [(group.topic, number) for number in range(3)]
    assert group.lag_reader(places) == dict(zip(places, [behind(3, 0), behind(1, 4), Lag(0, 0)], strict=True))
    assert group.lag_reader([]) == {}
    assert group.lag_reader(places[:1]) == {places[0]: behind(3, 0)}


def test_an_aborted_transaction_at_the_end_is_no_lag(group: Group) -> None:
    group.produce(2)
    group.begin_transaction(3).abort_transaction()
    group.await_marker()
    assert group.lag() == behind(6, first=0)  # offsets: two records, three aborted ones, the marker
    group.commit(2)
    assert group.lag() == Lag(0, 0)
    assert group.lag() == Lag(0, 0)
    group.produce(1)
    assert group.lag() == behind(1, first=5)
    group.commit(7)
    assert group.lag() == Lag(0, 0)


def test_an_open_transaction_is_no_lag_until_it_is_committed(group: Group) -> None:
    producer = group.begin_transaction(2)
    assert group.lag() == Lag(0, 0)
    producer.commit_transaction()
    group.await_marker()
    assert group.lag() == behind(3, first=0)  # two records and the marker


def test_what_retention_took_is_no_lag(group: Group) -> None:
    group.produce(5)
    group.commit(1)
    assert group.lag() == behind(4, first=1)
    for deleted in group.admin.delete_records([TopicPartition(group.topic, 0, 3)]).values():
        deleted.result()
    assert group.lag() == behind(2, first=3)


def test_many_large_records_behind_do_not_matter(group: Group) -> None:
    for partition in range(3):
        group.produce(5, partition, size=900_000)
    places = [(group.topic, number) for number in range(3)]
    assert group.lag_reader(places) == {
        places[0]: behind(5, 0),
        places[1]: behind(5, 5),
        places[2]: behind(5, 10),
    }
    assert group.lag_reader._client.raw.assignment() == []  # so nothing is fetched until the next call


def test_a_record_from_the_future_waits_all_the_same(group: Group) -> None:
    with Producer(group.connection.confluent_config("test")) as producer:
        producer.produce(group.topic, b"x", partition=0, timestamp=(NOW_S + 60) * 1000)
    lag = group.lag()
    assert lag.records == 1
    assert 0 < lag.seconds < 1


def test_the_group_does_not_notice(group: Group) -> None:
    group.produce(5)
    group.commit(2)
    group.lag()
    (members,) = [
        found.result().members for found in group.admin.describe_consumer_groups([group.topic]).values()
    ]
    assert members == []


def test_a_partition_that_does_not_exist_is_told(group: Group) -> None:
    with pytest.raises(KafkaRequestError):
        group.lag(partition=9)
    assert group.lag() == Lag(0, 0)


def test_an_unreachable_broker_is_told_and_then_it_goes_on(
    own_broker: LocalBroker, topic_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("reader", "lag_reader"):
        monkeypatch.setattr(f"stream_app.kafka.{module}.REQUEST_TIMEOUT_S", 2.0)
    group = Group(own_broker.bootstrap_servers, topic_name)
    group.produce(3)
    assert group.lag() == behind(3, first=0)
    own_broker.suspend()
    with pytest.raises(BrokerUnavailableError, match=own_broker.bootstrap_servers):
        group.lag()
    own_broker.resume()
    monkeypatch.undo()
    assert group.lag() == behind(3, first=0)
    group.lag_reader.close()
