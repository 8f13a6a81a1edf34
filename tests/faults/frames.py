"""Kafka's frames: their length and header, and what a proxy must know to answer in the broker's place.

Layouts: https://kafka.apache.org/protocol. A frame here is without its four bytes of length.
"""

import asyncio
import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple

PRODUCE = 0
OFFSET_FETCH = 9
API_VERSIONS = 18
# Below 5 an answer lacks the log's start offset, from 8 on it has error texts, from 9 on it is compact.
_PRODUCE_VERSIONS = range(5, 8)
_NOT_WRITTEN = -1
# Below 6 an answer is not compact, from 8 on it can be for several groups.
_OFFSET_FETCH_VERSION = 7
_NO_TOPICS = 1
_NO_TAGS = 0


class Header(NamedTuple):
    """How a request begins."""

    api_key: int
    api_version: int
    correlation_id: int


def header(request: bytes) -> Header:
    """The header of a request."""
    return Header(*struct.unpack_from(">hhi", request))


def correlation_id(answer: bytes) -> int:
    """Which request the answer belongs to."""
    return int(struct.unpack_from(">i", answer)[0])


def framed(frame: bytes) -> bytes:
    """The frame with its length before it, as it goes over the wire."""
    return struct.pack(">i", len(frame)) + frame


async def read_frame(reader: asyncio.StreamReader) -> bytes | None:
    """The next frame; None when the connection has ended."""
    try:
        (length,) = struct.unpack(">i", await reader.readexactly(4))
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def question_instead(request: bytes) -> bytes:
    """A request (ApiVersions) that changes nothing and is answered under the same correlation id."""
    return struct.pack(">hhih", API_VERSIONS, 0, header(request).correlation_id, -1)


def produce_answer(request: bytes, error_code: int) -> bytes:
    """The answer to a Produce that has this error for each of its partitions.

    Raises:
        ValueError: a version of Produce that is not known here.
    """
    head = header(request)
    if head.api_version not in _PRODUCE_VERSIONS:
        raise ValueError(f"Produce version {head.api_version}: expected one of {list(_PRODUCE_VERSIONS)}")
    topics = produced_partitions(request)
    answer = struct.pack(">ii", head.correlation_id, len(topics))
    for topic, partitions in topics.items():
        answer += struct.pack(">h", len(topic)) + topic + struct.pack(">i", len(partitions))
        for partition in partitions:
            answer += struct.pack(">ihqqq", partition, error_code, *(_NOT_WRITTEN,) * 3)
    return answer + struct.pack(">i", 0)  # throttled for so many ms


def offset_fetch_answer(request: bytes, error_code: int) -> bytes:
    """The answer to an OffsetFetch that is refused as a whole.

    Raises:
        ValueError: a version of OffsetFetch that is not known here.
    """
    head = header(request)
    if head.api_version != _OFFSET_FETCH_VERSION:
        raise ValueError(f"OffsetFetch version {head.api_version}: expected {_OFFSET_FETCH_VERSION}")
    not_throttled = 0
    body = (not_throttled, _NO_TOPICS, error_code, _NO_TAGS)
    return struct.pack(">ibibhb", head.correlation_id, _NO_TAGS, *body)


def produced_partitions(request: bytes) -> Mapping[bytes, Sequence[int]]:
    """The topics of a Produce, each with its partitions."""
    fields = _Fields(request, at=struct.calcsize(">hhi"))
    fields.string()  # client id
    fields.string()  # transactional id
    fields.skip(">hi")  # acks, timeout
    return {fields.string(): _partitions(fields) for _ in range(fields.int32())}


def _partitions(fields: "_Fields") -> list[int]:
    found = []
    for _ in range(fields.int32()):
        found.append(fields.int32())
        fields.skip_bytes(fields.int32())
    return found


class _Fields:
    """Reads the fields of a frame, one after the other."""

    def __init__(self, frame: bytes, at: int) -> None:
        self._frame = frame
        self._at = at

    def int32(self) -> int:
        (value,) = struct.unpack_from(">i", self._frame, self._at)
        self._at += 4
        return int(value)

    def string(self) -> bytes:
        """Its bytes; empty for null."""
        (length,) = struct.unpack_from(">h", self._frame, self._at)
        begin = self._at + 2
        self._at = begin + max(length, 0)
        return self._frame[begin : self._at]

    def skip(self, layout: str) -> None:
        self._at += struct.calcsize(layout)

    def skip_bytes(self, count: int) -> None:
        self._at += max(count, 0)
