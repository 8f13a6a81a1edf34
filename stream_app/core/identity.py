"""What a result is called, so that the same input gets the same name however often it is read."""

import hashlib
from functools import lru_cache
from typing import Final, NamedTuple

from msgspec import UNSET, UnsetType

from stream_app.core.messages import Record, Review, Source

_MOST_ID: Final = 2**64 - 1
_SPREAD: Final = 0x9E3779B97F4A7C15  # odd: no two numbers of 64 bits give the same product modulo 2**64
_PARTITIONS: Final = 4_096  # whose first numbers are kept


class Identity(NamedTuple):
    """How a result is called and where its review came from."""

    review_id: str
    result_id: str
    source: Source | UnsetType


def short_hash(text: str) -> str:
    """16 hex digits of the text's sha256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@lru_cache(_PARTITIONS)
def _first_number(topic: str, partition: int) -> int:
    return int(short_hash(f"{topic}-{partition}"), 16)


def place_id(topic: str, partition: int, offset: int) -> str:
    """16 hex digits that name a record: a number drawn for its partition by sha256, plus the offset, spread.

    Within a partition no two are the same; of two partitions with n records each, none with probability
    1 - n / 2**63 at least.
    """
    number = (_first_number(topic, partition) + offset) * _SPREAD & _MOST_ID
    return f"{number:016x}"


def stream_identity(record: Record, review: Review) -> Identity:
    """Topic, partition and offset name the result, so that a record read twice gives the same id."""
    topic, partition, offset, named = record.topic, record.partition, record.offset, review.review_id
    review_id = f"{topic}-{partition}-{offset}" if named is None else str(named)
    source = Source(topic, partition, offset, record.timestamp)
    return Identity(review_id, place_id(topic, partition, offset), source)


def local_identity(record: Record, review: Review) -> Identity:
    """Without Kafka, topic and offset make the name (`line-3`), name and text the result id."""
    review_id = f"{record.topic}-{record.offset}" if review.review_id is None else str(review.review_id)
    return Identity(review_id, short_hash(f"{review_id}\n{review.text}"), UNSET)
