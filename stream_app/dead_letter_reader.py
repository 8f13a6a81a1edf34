"""The dead letters in a topic: found by filter or by place, and counted."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import NamedTuple

from stream_app.dead_letters import (
    DeadLetterFilter,
    DeadLetterView,
    Letter,
    LetterPlace,
    NotADeadLetterError,
    parse,
)
from stream_app.kafka.connection import Connection
from stream_app.kafka.reader import RawRecord, read
from stream_app.kafka.time_offsets import offsets_at_time


class LetterNotFoundError(LookupError):
    """There is no record at the given place of the dead-letter topic. The message names it."""


class DeadLetterList(NamedTuple):
    """What was found.

    Attributes:
        letters: the newest of those that are wanted, the oldest of them first.
        counts: how many are wanted of each reason, the most frequent first.
        strangers: records in the topic that are no dead letters.
    """

    letters: list[DeadLetterView]
    counts: dict[str, int]
    strangers: int


def list_dead_letters(
    connection: Connection, topic: str, wanted: DeadLetterFilter, limit: int
) -> DeadLetterList:
    """The dead letters in the topic; at most `limit` of them in full.

    Raises:
        KafkaRequestError: of the kind that says what is wrong.
    """
    return select(read_possible(connection, topic, wanted), wanted, limit)


def newest_letters(connection: Connection, topic: str, wanted: DeadLetterFilter, limit: int) -> list[Letter]:
    """The newest of the wanted dead letters with all their bytes, the oldest of them first.

    Raises:
        KafkaRequestError: of the kind that says what is wrong.
    """
    found = _Letters(read_possible(connection, topic, wanted), wanted)
    return heapq.nlargest(limit, found, key=_age_order)[::-1]


def find_letter(connection: Connection, topic: str, place: LetterPlace) -> Letter:
    """The dead letter at a place.

    Raises:
        LetterNotFoundError: no record is there, or no longer.
        NotADeadLetterError: the record there is none.
        KafkaRequestError: of the kind that says what is wrong.
    """
    record = next(read(connection, topic, {place.partition: place.offset}), None)
    if record is None or record.offset != place.offset:
        raise LetterNotFoundError(f"topic {topic} holds no record at {place}")
    return Letter(record, parse(record))


def read_possible(connection: Connection, topic: str, wanted: DeadLetterFilter) -> Iterator[RawRecord]:
    """The records of the topic without most of those that are too old to be wanted.

    Raises:
        KafkaRequestError: here and while reading, of the kind that says what is wrong.
    """
    if wanted.since_ms is None:
        return read(connection, topic)
    return read(connection, topic, offsets_at_time(connection, topic, wanted.since_ms))


def select(records: Iterable[RawRecord], wanted: DeadLetterFilter, limit: int) -> DeadLetterList:
    """The dead letters among the records; at most `limit` of them in full."""
    found = _Letters(records, wanted)
    newest = heapq.nlargest(limit, ((_age_order(letter), letter.view) for letter in found), key=itemgetter(0))
    return DeadLetterList(
        [view for _, view in newest[::-1]], dict(found.counts.most_common()), found.strangers
    )


class _Letters:
    """The wanted dead letters among records, counted as they are gone through."""

    def __init__(self, records: Iterable[RawRecord], wanted: DeadLetterFilter) -> None:
        self._records = records
        self._wanted = wanted
        self.counts: Counter[str] = Counter()
        self.strangers = 0

    def __iter__(self) -> Iterator[Letter]:
        for record in self._records:
            try:
                letter = Letter(record, parse(record))
            except NotADeadLetterError:
                self.strangers += 1
                continue
            if self._wanted.passes(letter):
                self.counts[letter.view.reason] += 1
                yield letter


def _age_order(letter: Letter) -> tuple[int, int, int]:
    return letter.view.timestamp_ms, letter.view.dlq_partition, letter.view.dlq_offset
