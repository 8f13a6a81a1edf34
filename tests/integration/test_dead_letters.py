"""Dead letters listed from a real topic."""

from collections.abc import Iterator

import pytest
from confluent_kafka import Producer

from stream_app.core.errors import BlankTextError, NotUtf8Error, RecordError, SchemaError
from stream_app.core.messages import DeadLetter, encode_dead_letter
from stream_app.dead_letter_reader import list_dead_letters
from stream_app.dead_letters import DeadLetterFilter
from stream_app.kafka.broker import Broker
from stream_app.kafka.connection import Connection, TopicError
from stream_app.kafka.topics import delete
from tests.records import StoredRecord
from tests.topics import make_topic

pytestmark = pytest.mark.broker

LETTERS: list[tuple[StoredRecord, RecordError]] = [
    (StoredRecord(b"\xff", b"k0", partition=0, offset=4), NotUtf8Error("byte 0")),
    (StoredRecord(b"{}", None, partition=1, offset=7), SchemaError("field `text` is missing")),
    (StoredRecord(None, b"\x00", (("trace", None),), partition=1, offset=9), SchemaError("x")),
    (StoredRecord(b'{"text":" "}', b"", partition=2, offset=1), BlankTextError("field `text` is blank")),
]
FIRST_MS = 1_700_000_000_000


@pytest.fixture
def connection(broker: Broker) -> Connection:
    return Connection(broker.bootstrap_servers)


@pytest.fixture
def topic(connection: Connection, topic_name: str) -> Iterator[str]:
    """Dead letters a second apart, and a record that is none."""
    make_topic(connection, topic_name, partitions=2)
    with Producer(connection.confluent_config("test")) as producer:
        for number, (source, error) in enumerate(LETTERS):
            record = encode_dead_letter(DeadLetter(source, error))
            producer.produce(
                topic_name,
                record.value,
                record.key,
                source.partition % 2,
                timestamp=FIRST_MS + number * 1000,
                headers=list(record.headers),
            )
        producer.produce(topic_name, b"a stranger", partition=0)
    yield topic_name
    delete(connection, [topic_name])


def test_all_are_listed_and_counted(connection: Connection, topic: str) -> None:
    found = list_dead_letters(connection, topic, DeadLetterFilter(), limit=10)
    assert [(view.partition, view.offset, view.reason) for view in found.letters] == [
        (0, 4, "not_utf8"),
        (1, 7, "schema"),
        (1, 9, "schema"),
        (2, 1, "blank_text"),
    ]
    assert found.counts == {"schema": 2, "not_utf8": 1, "blank_text": 1}
    assert found.strangers == 1
    assert [view.key for view in found.letters] == ["k0", None, "\\x00", ""]
    assert [view.value_bytes for view in found.letters] == [1, 2, None, 12]
    assert found.letters[1].error_message == "field `text` is missing"


def test_only_the_wanted_ones_are_listed(connection: Connection, topic: str) -> None:
    wanted = DeadLetterFilter(reason="schema", partition=1, since_ms=FIRST_MS + 1_500)
    found = list_dead_letters(connection, topic, wanted, limit=10)
    assert [(view.partition, view.offset) for view in found.letters] == [(1, 9)]
    assert found.counts == {"schema": 1}


def test_the_newest_are_listed_when_there_are_more(connection: Connection, topic: str) -> None:
    found = list_dead_letters(connection, topic, DeadLetterFilter(), limit=2)
    assert [view.offset for view in found.letters] == [9, 1]
    assert sum(found.counts.values()) == 4


def test_a_topic_that_does_not_exist_is_told(connection: Connection, topic_name: str) -> None:
    with pytest.raises(TopicError, match=topic_name):
        list_dead_letters(connection, topic_name, DeadLetterFilter(), limit=2)
