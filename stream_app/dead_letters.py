"""Dead letters as a person wants to see them: why, where from, and what they look like."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from stream_app.core.messages import DEAD_LETTER_HEADERS, Header, Headers
from stream_app.kafka.reader import RawRecord

PREVIEW_CHARS: Final = 120

REPLAYED_FROM: Final = "dlq.replayed_from"
"""The header that tells which dead letter a replayed record was."""

_CONNECT = "__connect.errors."


class NotADeadLetterError(ValueError):
    """A record in a dead-letter topic that lacks the headers of a dead letter. The message names one."""


class LetterPlace(NamedTuple):
    """Where a dead letter lies: partition and offset in the dead-letter topic."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}:{self.offset}"


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
        replayed_from: topic-partition-offset of the dead letter that the record was before; None: of none.
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
    replayed_from: str | None

    @property
    def place(self) -> LetterPlace:
        """Where it lies now."""
        return LetterPlace(self.dlq_partition, self.dlq_offset)

    @property
    def source(self) -> str:
        """Where the record came from, as topic-partition-offset."""
        return f"{self.topic}-{self.partition}-{self.offset}"


class Letter(NamedTuple):
    """A dead letter: the record as it lies in its topic, and what that says."""

    record: RawRecord
    view: DeadLetterView


@dataclass(frozen=True, slots=True)
class DeadLetterFilter:
    """Which dead letters are wanted. None: any.

    Attributes:
        reason: of this reason.
        partition: from this partition of the input.
        since_ms: that became dead letters at this time or later, in ms since the epoch.
        until_ms: that became dead letters before this time.
        key: under this key.
    """

    reason: str | None = None
    partition: int | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    key: bytes | None = None

    def passes(self, letter: Letter) -> bool:
        """Whether the letter is wanted."""
        record, view = letter
        return (
            self.reason in (None, view.reason)
            and self.partition in (None, view.partition)
            and self.key in (None, record.key)
            and (self.since_ms is None or view.timestamp_ms >= self.since_ms)
            and (self.until_ms is None or view.timestamp_ms < self.until_ms)
        )


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
        replayed_from=_text(headers, REPLAYED_FROM) if REPLAYED_FROM in headers else None,
    )


def replayed_headers(record: RawRecord) -> list[Header]:
    """The headers that the record of a dead letter came with, and the one that tells it was replayed."""
    origin = f"{record.topic}-{record.partition}-{record.offset}"
    return [*_own_headers(record.headers), (REPLAYED_FROM, origin.encode())]


def _own_headers(headers: Headers) -> Iterator[Header]:
    return (header for header in headers if not header[0].startswith(DEAD_LETTER_HEADERS))


def printable(value: bytes, max_chars: int = PREVIEW_CHARS) -> str:
    """The beginning of the bytes as text that is safe to show on a terminal: the rest of it is escaped."""
    longest_char = 4
    text = value[: longest_char * max_chars + 1].decode(errors="backslashreplace")
    shown = text[:max_chars] + ("…" if len(text) > max_chars else "")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in shown)


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
