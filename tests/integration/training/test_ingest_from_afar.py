"""Reviews from an object store and from a topic, taken into bronze by the command."""

import gzip
import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from confluent_kafka import Producer

from stream_app.kafka.broker import Broker
from stream_app.kafka.connection import Connection
from tests.commands import stream_train
from tests.object_store import object_store
from tests.topics import make_topic
from training.bronze import read_parts


def reviews(count: int, start: int = 0) -> list[bytes]:
    return [
        json.dumps({"id": f"r{number}", "text": f"Number {number} came.", "rating": number % 5 + 1}).encode()
        for number in range(start, start + count)
    ]


def said(process: CompletedProcess[bytes]) -> str:
    """What it said on stderr, in one line."""
    return " ".join(process.stderr.decode().split())


def received(bronze: Path) -> list[bytes | None]:
    return [row.received for part in read_parts(bronze) for batch in part.rows() for row in batch]


def test_files_of_an_object_store_become_bronze(tmp_path: Path) -> None:
    with object_store("reviews") as store:
        store.pipe("reviews/shop/a.jsonl.gz", gzip.compress(b"\n".join(reviews(300))))
        store.pipe("reviews/shop/b.jsonl", b"\n".join(reviews(20, start=300)))
        store.pipe("reviews/shop/notes.txt", b"not reviews")
        done = stream_train("ingest", "s3://reviews/shop", "--name", "shop")
        missing = stream_train("ingest", "s3://reviews/none/*.csv")
    assert done.returncode == 0, said(done)
    assert sorted(filter(None, received(tmp_path / "data/bronze/shop"))) == sorted(reviews(320))
    assert missing.returncode == 1
    assert "s3://reviews/none/*.csv: no file" in said(missing)


@pytest.mark.broker
def test_the_archive_of_a_topic_becomes_bronze_with_its_tombstone(
    broker: Broker, topic_name: str, tmp_path: Path
) -> None:
    connection = Connection(broker.bootstrap_servers)
    make_topic(connection, topic_name, partitions=3)
    producer = Producer(connection.confluent_config("test"))
    values = [*reviews(100), b"\xff", None]
    for number, value in enumerate(values):
        producer.produce(topic_name, value, partition=number % 3)
    assert producer.flush(30) == 0
    address = f"kafka://{broker.bootstrap_servers}/{topic_name}"
    done = stream_train("ingest", address, "--name", "archive")
    assert done.returncode == 0, said(done)
    found = received(tmp_path / "data/bronze/archive")
    assert len(found) == len(values)
    assert sorted(filter(None, found)) == sorted(filter(None, values))
    cleaned = stream_train("clean", "--name", "archive")
    assert cleaned.returncode == 0, said(cleaned)
    assert "2 in quarantine" in said(cleaned)


@pytest.mark.broker
def test_a_topic_that_is_not_there_is_named(broker: Broker, topic_name: str, tmp_path: Path) -> None:
    address = f"kafka://{broker.bootstrap_servers}/{topic_name}"
    refused = stream_train("ingest", address)
    assert refused.returncode == 1
    assert topic_name in said(refused)
    assert not list(tmp_path.rglob("*.parquet"))
