"""Reviews from files to a topic and back, byte for byte; reading of a topic within bounds and without."""

import csv
import gzip
import io
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pyarrow as pa
import pytest
from aiokafka.partitioner import murmur2
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from pyarrow import parquet

from stream_app.kafka.broker import Broker, LocalBroker
from stream_app.kafka.connection import BrokerUnavailableError, Connection, TopicError
from stream_app.kafka.feed import FeedProgress, FeedWatch, feed
from stream_app.kafka.reader import RawRecord, beginning_offsets, committed, end_offsets, follow, read
from stream_app.kafka.topics import delete
from stream_app.review_files import FeedRecord, Problem, read_reviews
from tests.stream import wait_until
from tests.topics import make_topic

pytestmark = pytest.mark.broker

REVIEWS = [
    {"review_id": f"r{number}", "rating": number % 5 + 1, "text": f'Review "{number}",\nwith a line 👍 more'}
    for number in range(200)
]
PARTITIONS = 4


@pytest.fixture
def connection(broker: Broker) -> Connection:
    return Connection(broker.bootstrap_servers)


@pytest.fixture
def topic(connection: Connection, topic_name: str) -> Iterator[str]:
    make_topic(connection, topic_name, PARTITIONS)
    yield topic_name
    delete(connection, [topic_name])


def numbered(count: int) -> list[FeedRecord]:
    return [FeedRecord(b"%d" % number, b"k%d" % number, f"record {number}") for number in range(count)]


def produce(connection: Connection, topic: str, values: list[bytes], partition: int = 0) -> None:
    with Producer(connection.confluent_config("test")) as producer:
        for value in values:
            producer.produce(topic, value, partition=partition)
        assert producer.flush(10) == 0


def abort_transaction(connection: Connection, topic: str, values: list[bytes]) -> None:
    """Records in partition 0 that no reader of committed records ever sees, and the marker behind them."""
    open_transaction(connection, topic, values).abort_transaction()
    await_marker(connection, topic)


def open_transaction(connection: Connection, topic: str, values: list[bytes]) -> Producer:
    producer = Producer(connection.confluent_config("test") | {"transactional.id": topic})
    producer.init_transactions(30)
    producer.begin_transaction()
    for value in values:
        producer.produce(topic, value, partition=0)
    producer.flush(10)
    return producer


def await_marker(connection: Connection, topic: str) -> None:
    """Until the broker has put the marker of a transaction that has ended: it does so in its own time."""

    def nothing_is_open() -> bool:
        return end_offsets(connection, topic) == end_offsets(connection, topic, "read_uncommitted")

    wait_until(nothing_is_open, 30, lambda: "a transaction is still open")


def as_json_lines() -> bytes:
    return "".join(json.dumps(review, ensure_ascii=False) + "\n" for review in REVIEWS).encode()


def as_csv() -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, ["review_id", "rating", "text"])
    writer.writeheader()
    writer.writerows(REVIEWS)
    return text.getvalue().encode()


def as_parquet() -> bytes:
    stream = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(REVIEWS), stream)
    return stream.getvalue()


CONTENT = {"jsonl": as_json_lines, "csv": as_csv, "parquet": as_parquet}


@pytest.mark.parametrize("name", [f"reviews.{suffix}{gz}" for suffix in CONTENT for gz in ("", ".gz")])
def test_a_file_reaches_the_topic(connection: Connection, topic: str, tmp_path: Path, name: str) -> None:
    content = CONTENT[name.split(".")[1]]()
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    sent = [entry for entry in read_reviews(str(path)) if isinstance(entry, FeedRecord)]
    progress = feed(connection, topic, read_reviews(str(path)))
    assert (progress.read, progress.sent, progress.acked, progress.failed) == (200, 200, 200, 0)
    records = list(read(connection, topic))
    assert sorted((record.key, record.value) for record in records) == sorted((r.key, r.value) for r in sent)
    found = [json.loads(record.value or b"") for record in records]
    assert sorted(found, key=lambda review: int(review["review_id"][1:])) == REVIEWS


def test_a_json_line_reaches_the_topic_byte_for_byte(
    connection: Connection, topic: str, tmp_path: Path
) -> None:
    lines = [b'  { "text" : "a\\u00e9" , "x":1.10 }  ', b'{"review_id":"r","text":"\xf0\x9f\x91\x8d"}\t']
    path = tmp_path / "reviews.jsonl"
    path.write_bytes(b"\r\n".join(lines))
    feed(connection, topic, read_reviews(str(path)))
    assert sorted(record.value or b"" for record in read(connection, topic)) == sorted(lines)


def test_a_key_goes_where_java_would_send_it(connection: Connection, topic: str) -> None:
    feed(connection, topic, numbered(20))
    places = {record.key or b"": record.partition for record in read(connection, topic)}
    assert len(set(places.values())) > 1
    assert places == {key: (murmur2(key) & 0x7FFFFFFF) % PARTITIONS for key in places}


def test_problems_are_told_and_the_others_are_fed(connection: Connection, topic: str, tmp_path: Path) -> None:
    path = tmp_path / "reviews.jsonl"
    path.write_bytes(b'{"text":"a"}\nbroken\n{"text":"b"}\n')
    problems: list[Problem] = []
    told: list[FeedProgress] = []
    progress = feed(connection, topic, read_reviews(str(path)), watch=FeedWatch(problems.append, told.append))
    assert (progress.read, progress.malformed, progress.acked) == (3, 1, 2)
    assert [problem.place for problem in problems] == [f"{path}, line 2"]
    assert (told[-1].sent, told[-1].acked) == (2, 2)
    assert sorted(record.value or b"" for record in read(connection, topic)) == [
        b'{"text":"a"}',
        b'{"text":"b"}',
    ]


def test_a_record_above_the_topics_limit_fails_alone(connection: Connection, topic_name: str) -> None:
    make_topic(connection, topic_name, max_message_bytes="5000")
    sizes = [1_000] * 8 + [6_000] + [1_000] * 8 + [4_960] + [1_000]
    problems: list[Problem] = []
    records = [FeedRecord(b"x" * size, None, f"record {number}") for number, size in enumerate(sizes)]
    progress = feed(connection, topic_name, records, watch=FeedWatch(problems.append))
    assert (progress.sent, progress.acked, progress.failed) == (19, 17, 2)
    assert sorted(problem.place for problem in problems) == ["record 17", "record 8"]
    assert len(list(read(connection, topic_name))) == 17
    delete(connection, [topic_name])


def test_a_topic_that_does_not_exist_is_not_fed(connection: Connection, topic_name: str) -> None:
    for _ in range(2):
        with pytest.raises(TopicError, match=rf"{topic_name}.*stream-app topics create"):
            feed(connection, topic_name, numbered(1))


def test_no_record_before_its_time(connection: Connection, topic: str) -> None:
    begun_ms = int(time.time() * 1000)
    progress = feed(connection, topic, numbered(60), rate=100)
    assert progress.seconds >= 0.59
    waited_ms = {int(record.value or b""): record.timestamp - begun_ms for record in read(connection, topic)}
    assert sorted(waited_ms) == list(range(60))
    assert all(waited >= 10 * number - 1 for number, waited in waited_ms.items())


def test_headers_null_keys_and_null_values_are_read_as_they_are(connection: Connection, topic: str) -> None:
    headers: list[tuple[str, str | bytes | None]] = [("a", b"\xff"), ("a", None), ("b", b"")]
    with Producer(connection.confluent_config("test")) as producer:
        producer.produce(topic, None, key=None, partition=2, timestamp=1_700_000_000_123, headers=headers)
        producer.produce(topic, b"", key=b"", partition=2, timestamp=1_700_000_000_124)
    assert list(read(connection, topic)) == [
        RawRecord(topic, 2, 0, 1_700_000_000_123, None, None, tuple(headers)),  # type: ignore[arg-type]
        RawRecord(topic, 2, 1, 1_700_000_000_124, b"", b"", ()),
    ]


def test_reading_starts_where_it_is_told_to(connection: Connection, topic: str) -> None:
    for partition in range(PARTITIONS):
        produce(connection, topic, [b"%d" % number for number in range(10)], partition)
    assert beginning_offsets(connection, topic) == dict.fromkeys(range(PARTITIONS), 0)
    assert end_offsets(connection, topic) == dict.fromkeys(range(PARTITIONS), 10)
    assert len(list(read(connection, topic, "earliest"))) == 40
    assert list(read(connection, topic, "latest")) == []
    places = [(record.partition, record.offset) for record in read(connection, topic, {1: 7, 2: 10, 3: 99})]
    assert places == [(1, 7), (1, 8), (1, 9)]
    with pytest.raises(TopicError, match=f"no partition 9.*{PARTITIONS}"):
        read(connection, topic, {9: 0})


def test_reading_ends_where_the_topic_ended_at_the_call(connection: Connection, topic: str) -> None:
    produce(connection, topic, [b"before"])
    records = read(connection, topic)
    produce(connection, topic, [b"after"])
    assert [record.value for record in records] == [b"before"]


def test_records_that_retention_took_are_skipped(connection: Connection, topic: str) -> None:
    produce(connection, topic, [b"%d" % number for number in range(10)])
    admin = AdminClient(connection.confluent_config("test"))
    for deleted in admin.delete_records([TopicPartition(topic, 0, 6)]).values():
        deleted.result()
    assert beginning_offsets(connection, topic)[0] == 6
    assert [record.offset for record in read(connection, topic, {0: 0})] == [6, 7, 8, 9]


def test_aborted_records_are_left_out_and_do_not_keep_it_waiting(connection: Connection, topic: str) -> None:
    produce(connection, topic, [b"first"])
    abort_transaction(connection, topic, [b"aborted"] * 3)
    produce(connection, topic, [b"second"])
    abort_transaction(connection, topic, [b"aborted"] * 3)
    assert [record.value for record in read(connection, topic)] == [b"first", b"second"]
    assert len(list(read(connection, topic, isolation="read_uncommitted"))) == 8


def test_what_is_not_yet_committed_is_behind_the_end(connection: Connection, topic: str) -> None:
    produce(connection, topic, [b"first"])
    producer = open_transaction(connection, topic, [b"pending"])
    assert [record.value for record in read(connection, topic)] == [b"first"]
    assert end_offsets(connection, topic)[0] == 1
    assert end_offsets(connection, topic, "read_uncommitted")[0] == 2
    producer.commit_transaction()
    await_marker(connection, topic)
    assert [record.value for record in read(connection, topic)] == [b"first", b"pending"]


def test_following_goes_on_until_it_is_stopped(connection: Connection, topic: str) -> None:
    produce(connection, topic, [b"before"])
    stop = Event()
    seen: list[bytes | None] = []
    records = follow(connection, topic, stop=stop.is_set)
    produce(connection, topic, [b"one", b"two"])

    def collect() -> None:
        for record in records:
            seen.append(record.value)
            if record.value == b"last":
                stop.set()

    thread = Thread(target=collect, daemon=True)
    thread.start()
    produce(connection, topic, [b"last"])
    thread.join(30)
    assert not thread.is_alive()
    assert seen == [b"one", b"two", b"last"]


def test_following_from_the_beginning_gives_what_is_there(connection: Connection, topic: str) -> None:
    produce(connection, topic, [b"one", b"two"])
    assert [record.value for record in itertools.islice(follow(connection, topic, "earliest"), 2)] == [
        b"one",
        b"two",
    ]


def test_following_from_behind_the_end_waits_for_what_is_new(connection: Connection, topic: str) -> None:
    produce(connection, topic, [b"old"])
    records = follow(connection, topic, {0: 99})
    produce(connection, topic, [b"new"])
    assert next(records).value == b"new"


def test_only_what_the_group_committed_is_told(connection: Connection, topic: str) -> None:
    produce(connection, topic, [b"one"])
    assert committed(connection, topic, topic) == {}
    with Consumer(connection.confluent_config("test") | {"group.id": topic}) as consumer:
        consumer.commit(
            offsets=[TopicPartition(topic, 2, 0), TopicPartition(topic, 0, 1)], asynchronous=False
        )
    assert committed(connection, topic, topic) == {0: 1, 2: 0}
    assert committed(connection, topic, "another-topic") == {}


def test_a_broker_that_goes_away_in_the_middle_is_told(own_broker: LocalBroker, topic_name: str) -> None:
    connection = Connection(own_broker.bootstrap_servers)
    make_topic(connection, topic_name)
    feed(connection, topic_name, [FeedRecord(b"x" * 100_000, None, "here") for _ in range(2_000)])
    records = read(connection, topic_name, idle_timeout_s=2)
    next(records)
    own_broker.suspend()
    with pytest.raises(BrokerUnavailableError, match="no record came for 2 s"):
        list(records)
