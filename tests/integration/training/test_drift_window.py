"""Windows of a results topic on the real broker."""

from datetime import UTC, datetime

import msgspec
import pytest
from confluent_kafka import Producer

from stream_app.bundled import bundled
from stream_app.core.messages import encode_result
from stream_app.kafka.broker import Broker
from stream_app.kafka.connection import Connection, TopicError
from stream_app.kafka.reader import offsets_since
from stream_app.model_store import load_model
from tests.results import results_of
from tests.topics import make_topic
from training.result_window import WindowError, read_window

pytestmark = pytest.mark.broker
BEGIN_MS = 1_700_000_000_000


@pytest.fixture
def topic(broker: Broker, topic_name: str) -> str:
    """Thirty results, a second apart, over three partitions, a tombstone among them."""
    connection = Connection(broker.bootstrap_servers)
    make_topic(connection, topic_name, partitions=3)
    (result,) = results_of(load_model(bundled("champion"), "inherited"), [b'{"text": "Good."}'])
    producer = Producer(connection.confluent_config("test"))
    for number in range(30):
        numbered = msgspec.structs.replace(result, review_id=f"r{number}", result_id=f"{number:016x}")
        value = None if number == 28 else encode_result(numbered)
        producer.produce(topic_name, value, partition=number % 3, timestamp=BEGIN_MS + 1000 * number)
    assert producer.flush(30) == 0
    return topic_name


def numbers(address: str, last: int, since: datetime | None = None) -> list[int]:
    return [int(result.review_id[1:]) for result in read_window(address, last, since).results]


def test_the_latest_results_over_all_partitions(broker: Broker, topic: str) -> None:
    address = f"kafka://{broker.bootstrap_servers}/{topic}"
    assert numbers(address, 5) == [25, 26, 27, 29]
    assert read_window(address, 5).unreadable == 1
    assert numbers(address, 1000) == [*range(28), 29]


def test_results_from_a_time_on(broker: Broker, topic: str) -> None:
    address = f"kafka://{broker.bootstrap_servers}/{topic}"
    since = datetime.fromtimestamp(BEGIN_MS / 1000 + 20, UTC)
    assert numbers(address, 1000, since) == [*range(20, 28), 29]
    assert numbers(address, 3, since) == [27, 29]
    with pytest.raises(WindowError, match="none in 0 records"):
        read_window(address, 10, datetime.fromtimestamp(BEGIN_MS / 1000 + 100, UTC))


def test_offsets_since_a_time(broker: Broker, topic: str) -> None:
    connection = Connection(broker.bootstrap_servers)
    assert offsets_since(connection, topic, 0) == {0: 0, 1: 0, 2: 0}
    assert offsets_since(connection, topic, BEGIN_MS + 4000) == {0: 2, 1: 1, 2: 1}
    assert offsets_since(connection, topic, BEGIN_MS + 28_500) == {0: 10, 1: 10, 2: 9}


def test_a_topic_that_is_not_there_is_named(broker: Broker, topic_name: str) -> None:
    with pytest.raises(TopicError, match=topic_name):
        read_window(f"kafka://{broker.bootstrap_servers}/{topic_name}", 10)
