"""Reviews in a Kafka topic, such as the archive of what the stream has read."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from stream_app.kafka.connection import BrokerUnavailableError, Connection, KafkaRequestError
from stream_app.kafka.reader import read
from training.errors import DatasetError
from training.sources.source import Received, Source

SCHEME: Final = "kafka"


def topic_source(address: str, login: Connection) -> Source:
    """The records that the topic holds now, of `kafka://host:port[,host:port]/topic`.

    Args:
        address: of the topic.
        login: how to log in; its servers are those of the address.

    Raises:
        DatasetError: the address names no topic.
    """
    parts = urlsplit(address)
    topic = parts.path.strip("/")
    if not parts.netloc or not topic or "/" in topic:
        raise DatasetError(f"{address}: expected kafka://host:port/topic")
    return Source(topic, address, _rows(replace(login, bootstrap_servers=parts.netloc), topic, address))


def _rows(connection: Connection, topic: str, address: str) -> Iterator[Received]:
    try:
        for record in read(connection, topic):
            place = f"{record.topic}-{record.partition}-{record.offset}"
            yield Received(
                place, record.value, None if record.value is not None else "no value (a tombstone)"
            )
    except BrokerUnavailableError:
        raise
    except KafkaRequestError as error:
        raise DatasetError(f"{address}: {error}") from error
