"""Dead letters as a person wants to see them: why, where from, and what they look like."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from stream_app.kafka.connection import Connection
from stream_app.kafka.reader import RawRecord, read

PREVIEW_CHARS: Final = 120

_CONNECT = "__connect.errors."


class NotADeadLetterError(ValueError):
    """A record in a dead-letter topic that lacks the headers of a dead letter. The message names one."""


@dataclass(frozen=True, slots=True)
class DeadLetterView:
    """A dead letter, without the bytes of its value.

    Attributes:
        reason: the header `dlq.reason`.
        topic, partition, offset: where the record came from.
        stage: in which step it failed, in Kafka Connect's words.
        error_class: the exception's dotted name.
        error_message: what is wrong.
        timestamp_ms: when it became a dead letter.
        dlq_partition, dlq_offset: where it lies now.
        key: printable; None: a null key.
        value_bytes: the value's size; None: a null value.
        value_preview: the value's beginning, printable.
        value_omitted: whether the value was too large even for the dead-letter topic.
    """

    reason: str
    topic: str
    partition: int
    offset: int
    stage: str
    error_class: str
    error_message: str
    timestamp_ms: int
    dlq_partition: int
    dlq_offset: int
    key: str | None
    value_bytes: int | None
    value_preview: str
    value_omitted: bool


@dataclass(frozen=True, slots=True)
class DeadLetterFilter:
    """Which dead letters are wanted. None: any.

    Attributes:
        reason: of this reason.
        partition: from this partition of the input.
        since_ms: that became dead letters at this time or later, in ms since the epoch.
        until_ms: that became dead letters before this time.
    """

    reason: str | None = None
    partition: int | None = None
    since_ms: int | None = None
    until_ms: int | None = None

    def passes(self, letter: DeadLetterView) -> bool:
        """Whether the letter is wanted."""
        return (
            self.reason in (None, letter.reason)
            and self.partition in (None, letter.partition)
            and (self.since_ms is None or letter.timestamp_ms >= self.since_ms)
            and (self.until_ms is None or letter.timestamp_ms < self.until_ms)
        )


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
    return select(read(connection, topic), wanted, limit)


def select(records: Iterable[RawRecord], wanted: DeadLetterFilter, limit: int) -> DeadLetterList:
    """The dead letters among the records; at most `limit` of them in full."""
    counts: Counter[str] = Counter()
    strangers = 0

    def letters() -> Iterator[DeadLetterView]:
        nonlocal strangers
        for record in records:
            try:
                letter = parse(record)
            except NotADeadLetterError:
                strangers += 1
                continue
            if wanted.passes(letter):
                counts[letter.reason] += 1
                yield letter

    newest = heapq.nlargest(limit, letters(), key=_age_order)
    return DeadLetterList(newest[::-1], dict(counts.most_common()), strangers)


def parse(record: RawRecord) -> DeadLetterView:
    """The dead letter in a record of the dead-letter topic.

    Raises:
        NotADeadLetterError: it is none.
    """
    headers = dict(record.headers)  # of several of one name the last counts: that is ours
    return DeadLetterView(
        reason=_text(headers, "dlq.reason"),
        topic=_text(headers, f"{_CONNECT}topic"),
        partition=_number(headers, f"{_CONNECT}partition"),
        offset=_number(headers, f"{_CONNECT}offset"),
        stage=_text(headers, f"{_CONNECT}stage"),
        error_class=_text(headers, f"{_CONNECT}exception.class.name"),
        error_message=_text(headers, f"{_CONNECT}exception.message"),
        timestamp_ms=record.timestamp,
        dlq_partition=record.partition,
        dlq_offset=record.offset,
        key=None if record.key is None else printable(record.key),
        value_bytes=None if record.value is None else len(record.value),
        value_preview=printable(record.value or b""),
        value_omitted=headers.get("dlq.value_omitted") == b"true",
    )


def printable(value: bytes, max_chars: int = PREVIEW_CHARS) -> str:
    """The beginning of the bytes as text that is safe to show on a terminal: the rest of it is escaped."""
    longest_char = 4
    text = value[: longest_char * max_chars + 1].decode(errors="backslashreplace")
    shown = text[:max_chars] + ("…" if len(text) > max_chars else "")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in shown)


def _age_order(letter: DeadLetterView) -> tuple[int, int, int]:
    return letter.timestamp_ms, letter.dlq_partition, letter.dlq_offset


def _text(headers: Mapping[str, bytes | None], name: str) -> str:
    value = headers.get(name)
    if value is None:
        raise NotADeadLetterError(f"header {name} is missing, expected as in every dead letter")
    return value.decode(errors="replace")


def _number(headers: Mapping[str, bytes | None], name: str) -> int:
    text = _text(headers, name)
    try:
        return int(text)
    except ValueError:
        raise NotADeadLetterError(f"header {name} is {text!r}, expected a number") from None
