"""What results are called, so that the same input gets the same name however often it is read."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_app.core.messages import Record, Review

_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)  # odd: modulo 2**64 no two products are the same
_PARTITIONS: Final = 4_096  # whose first numbers are kept

# The columns of a place.
PARTITION, OFFSET, TIMESTAMP = range(3)
_place = attrgetter("partition", "offset", "timestamp")
_NOWHERE: Final = np.empty((0, 3), np.int64)


class Identities(NamedTuple):
    """How the results of a slice are called and where their reviews came from.

    Attributes:
        review_ids: the producer's names for the reviews, or those they got here.
        result_ids: uint64; a result shows it as 16 hex digits.
        topic: of all the records.
        places: int64 of shape (reviews, 3): partition, offset, timestamp in ms; empty without Kafka.
    """

    review_ids: list[str]
    result_ids: NDArray[np.uint64]
    topic: str
    places: NDArray[np.int64]


Identify = Callable[[Sequence[Record], Sequence[Review]], Identities]
"""Names the results of records of one topic."""


def short_hash(text: str) -> str:
    """16 hex digits of the text's sha256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _number(text: str) -> int:
    return int(short_hash(text), 16)


@lru_cache(_PARTITIONS)
def _first_number(topic: str, partition: int) -> int:
    return _number(f"{topic}-{partition}")


def place_ids(topic: str, places: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Numbers that name records: one drawn for the partition by sha256, plus the offset, spread.

    Within a partition no two are the same; of two partitions with n records each, none with probability
    1 - n / 2**63 at least.
    """
    partitions = places[:, PARTITION].tolist()
    first = np.array([_first_number(topic, partition) for partition in partitions], np.uint64)
    return (first + places[:, OFFSET].astype(np.uint64)) * _SPREAD


def stream_identities(records: Sequence[Record], reviews: Sequence[Review]) -> Identities:
    """Topic, partition and offset name the result, so that a record read twice gives the same id."""
    topic = records[0].topic if records else ""
    places = np.fromiter(chain.from_iterable(map(_place, records)), np.int64, 3 * len(records)).reshape(-1, 3)
    review_ids = _review_ids(records, reviews, lambda one: f"{topic}-{one.partition}-{one.offset}")
    return Identities(review_ids, place_ids(topic, places), topic, places)


def local_identities(records: Sequence[Record], reviews: Sequence[Review]) -> Identities:
    """Without Kafka, topic and offset make the name (`line-3`), name and text the result id."""
    review_ids = _review_ids(records, reviews, lambda one: f"{one.topic}-{one.offset}")
    named = zip(review_ids, reviews, strict=True)
    numbers = [_number(f"{review_id}\n{review.text}") for review_id, review in named]
    return Identities(review_ids, np.array(numbers, np.uint64), "", _NOWHERE)


def _review_ids(
    records: Iterable[Record], reviews: Iterable[Review], name: Callable[[Record], str]
) -> list[str]:
    """The producer's names; `name` gives one to a review without."""
    return [
        name(record) if review.review_id is None else str(review.review_id)
        for record, review in zip(records, reviews, strict=True)
    ]
