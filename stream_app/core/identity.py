"""What a result is called, so that the same input gets the same name however often it is read."""

import hashlib
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from stream_app.core.messages import Record, Review, Source


class Identity(NamedTuple):
    """How a result is called and where its review came from."""

    review_id: str
    result_id: str
    source: Source | UnsetType


def short_hash(text: str) -> str:
    """16 hex digits of the text's sha256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def stream_identity(record: Record, review: Review) -> Identity:
    """Topic, partition and offset name the result, so that a record read twice gives the same id."""
    place = f"{record.topic}-{record.partition}-{record.offset}"
    review_id = place if review.review_id is None else str(review.review_id)
    source = Source(record.topic, record.partition, record.offset, record.timestamp)
    return Identity(review_id, short_hash(place), source)


def local_identity(record: Record, review: Review) -> Identity:
    """Without Kafka, topic and offset make the name (`line-3`), name and text the result id."""
    review_id = f"{record.topic}-{record.offset}" if review.review_id is None else str(review.review_id)
    return Identity(review_id, short_hash(f"{review_id}\n{review.text}"), UNSET)
