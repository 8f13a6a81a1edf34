"""A window of what the stream gave lately: results of a topic, of a file or of standard input."""

import gzip
import heapq
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import msgspec

from stream_app.core.messages import ReviewResult, decode_result
from stream_app.kafka.connection import Connection
from stream_app.kafka.reader import RawRecord, end_offsets, offsets_since, read

KAFKA: Final = "kafka"
STANDARD_INPUT: Final = "-"


class WindowError(Exception):
    """There is no window to look at. The message names its place and what was expected."""


@dataclass(frozen=True, slots=True)
class Window:
    """Results, and how many records were none.

    Attributes:
        place: where they came from.
        results: each once, however often it was delivered.
        unreadable: records that are no results.
    """

    place: str
    results: list[ReviewResult]
    unreadable: int


def read_window(
    place: str, last: int, since: datetime | None = None, login: Callable[[], Connection] | None = None
) -> Window:
    """The latest results of a place.

    Args:
        place: `kafka://host:port/topic`, or a file of JSON lines, gzip or not, or `-` for standard input.
        last: at most so many, the latest ones: by the records' timestamps, in a file by their order.
        since: only records that are not older; of a topic.
        login: how to log in to Kafka; its servers are those of the address.

    Raises:
        WindowError: the address is not one, or not one record is a result.
        KafkaRequestError: of the kind that says what is wrong.
        OSError: the file cannot be read.
    """
    values = list(
        _of_topic(place, last, since, login)
        if place.startswith(f"{KAFKA}:")
        else _of_file(place, last, since)
    )
    decoded = [_decoded(value) for value in values]
    results = {result.result_id: result for result in decoded if result is not None}
    if not results:
        raise WindowError(f"{place}: expected results of the stream, found none in {len(values)} records")
    return Window(place, list(results.values()), decoded.count(None))


def topic_of(address: str) -> tuple[str, str]:
    """The brokers and the topic of an address `kafka://host:port[,host:port…]/topic`.

    Raises:
        WindowError: it is of another form.
    """
    parts = urlsplit(address)
    topic = parts.path.strip("/")
    if parts.scheme != KAFKA or not parts.netloc or not topic or "/" in topic:
        raise WindowError(f"{address}: expected kafka://host:port/topic")
    return parts.netloc, topic


def _of_topic(
    address: str, last: int, since: datetime | None, login: Callable[[], Connection] | None
) -> Iterator[bytes]:
    brokers, topic = topic_of(address)
    connection = replace(login(), bootstrap_servers=brokers) if login else Connection(brokers)
    start = _starts(connection, topic, last, since)
    latest = heapq.nlargest(last, read(connection, topic, start), key=_when) if start else []
    yield from (record.value or b"" for record in sorted(latest, key=_when))


def _when(record: RawRecord) -> tuple[int, int, int]:
    return record.timestamp, record.partition, record.offset


def _starts(connection: Connection, topic: str, last: int, since: datetime | None) -> Mapping[int, int]:
    """Where to begin in each partition: none can hold more than `last` of the latest records."""
    ends = end_offsets(connection, topic)
    starts = {partition: max(end - last, 0) for partition, end in ends.items()}
    if since is None:
        return starts
    floors = offsets_since(connection, topic, round(since.timestamp() * 1000))
    return {partition: max(start, floors[partition]) for partition, start in starts.items()}


def _of_file(place: str, last: int, since: datetime | None) -> Iterable[bytes]:
    if since is not None:
        raise WindowError(f"{place}: a start in time needs a topic, expected kafka://host:port/topic")
    if place == STANDARD_INPUT:
        return _last_lines(sys.stdin.buffer, last)
    opened = gzip.open if place.endswith(".gz") else open
    with opened(place, "rb") as lines:
        return _last_lines(lines, last)


def _last_lines(lines: Iterable[bytes], last: int) -> Iterable[bytes]:
    return deque((line for line in lines if line.strip()), maxlen=last)


def _decoded(value: bytes) -> ReviewResult | None:
    try:
        return decode_result(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def parsed_time(text: str) -> datetime:
    """A time as ISO 8601 gives it; without a zone it is UTC.

    Raises:
        ValueError: it is not one.
    """
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
