"""Reviews from a real Kafka topic, as an archive of what the stream has read."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from stream_app.kafka.broker import Broker
from stream_app.kafka.connection import BrokerUnavailableError, Connection
from stream_app.kafka.topics import delete
from tests.layers import review, silent
from tests.topics import make_topic
from training.bronze import read_parts
from training.clean import clean
from training.errors import DatasetError
from training.ingest import ingest
from training.sources.addresses import sources_at
from training.sources.source import Source

pytestmark = pytest.mark.broker

PARTITIONS = 3


@pytest.fixture
def topic(broker: Broker, topic_name: str) -> Iterator[str]:
    connection = Connection(broker.bootstrap_servers)
    make_topic(connection, topic_name, PARTITIONS)
    yield topic_name
    delete(connection, [topic_name])


def source(address: str) -> Source:
    """The servers of the address count, not those of the login."""
    (only,) = sources_at(address, None, None, lambda: Connection("nowhere:1"))
    return only


def test_the_archive_becomes_bronze_and_silver(broker: Broker, topic: str, tmp_path: Path) -> None:
    values = [json.dumps(review(number)).encode() for number in range(300)] + [b"\xff", None]
    with Producer(Connection(broker.bootstrap_servers).confluent_config("test")) as producer:
        for number, value in enumerate(values):
            producer.produce(topic, value, partition=number % PARTITIONS)
        assert producer.flush(10) == 0
    address = f"kafka://{broker.bootstrap_servers}/{topic}"
    part = ingest(source(address), tmp_path / "bronze", {}, silent)
    assert (part.name, part.note.address, part.note.rows) == (topic, address, len(values))
    rows = [row for batch in read_parts(tmp_path / "bronze")[0].rows() for row in batch]
    received = {row.place: row.received for row in rows}
    assert received == {
        f"{topic}-{number % PARTITIONS}-{number // PARTITIONS}": value for number, value in enumerate(values)
    }
    manifest = clean(tmp_path / "bronze", tmp_path / "silver", silent)
    assert manifest.reviews == 300
    assert manifest.quarantined == {"not_json": 2}


def test_an_empty_topic_is_told(broker: Broker, topic: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=f"{topic}: empty, expected at least one row"):
        ingest(source(f"kafka://{broker.bootstrap_servers}/{topic}"), tmp_path, {}, silent)


def test_a_topic_that_does_not_exist_is_told(broker: Broker) -> None:
    address = f"kafka://{broker.bootstrap_servers}/absent-topic"
    with pytest.raises(DatasetError, match="absent-topic does not exist"):
        list(source(address).rows)


@pytest.mark.parametrize("address", ["kafka://host:9092", "kafka:///topic", "kafka://host/a/b"])
def test_an_address_without_host_or_topic_is_told(address: str) -> None:
    with pytest.raises(DatasetError, match="expected kafka://host:port/topic"):
        source(address)


def test_a_broker_that_is_away_is_not_an_error_of_the_reviews() -> None:
    with pytest.raises(BrokerUnavailableError, match=r"127\.0\.0\.1:1"):
        list(source("kafka://127.0.0.1:1/reviews").rows)
