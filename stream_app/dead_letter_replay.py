"""Dead letters back to the topic they came from, or to another: each once, unless asked for again.

A letter is done when the broker holds the replayed record, and only then is that committed. So a run that is
killed repeats at most the letters of its last second; any other end repeats none.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple, Self

from stream_app.core.messages import OutputRecord
from stream_app.dead_letters import (
    DeadLetterFilter,
    Letter,
    LetterPlace,
    NotADeadLetterError,
    parse,
    replayed_headers,
)
from stream_app.kafka.bookmark import Bookmark
from stream_app.kafka.connection import Connection, TopicError
from stream_app.kafka.reader import RawRecord, read
from stream_app.kafka.topic_writer import BY_KEY, RecordTooLargeError, TopicWriter
from stream_app.pace import Pace

_BATCH: Final = 100
_CHECKPOINT_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """How to replay.

    Attributes:
        to: the topic to produce to; None: the one that each letter came from.
        again: also letters that were replayed before.
        dry_run: nothing is produced and nothing committed.
        rate: letters per second; None: as fast as it goes.
    """

    to: str | None = None
    again: bool = False
    dry_run: bool = False
    rate: float | None = None


class Skipped(NamedTuple):
    """A letter that cannot be replayed, and why."""

    place: LetterPlace
    why: str


@dataclass(slots=True)
class ReplayCount:
    """How far a replay is.

    Attributes:
        read: records of the dead-letter topic.
        replayed: letters held by the broker in their target topic; in a dry run those that would be.
        before: wanted letters that were met and had been replayed before. Those before a partition's first
            letter to be done are not met.
        skipped: those that cannot be replayed.
        by_reason: the replayed ones by reason.
        by_topic: the replayed ones by target topic.
        seconds: since the start.
    """

    read: int = 0
    replayed: int = 0
    before: int = 0
    skipped: int = 0
    by_reason: dict[str, int] = field(default_factory=dict)
    by_topic: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


class ReplayWatch(NamedTuple):
    """Who is told what happens.

    Attributes:
        skipped: a letter cannot be replayed.
        progress: about once a second, and at the end.
    """

    skipped: Callable[[Skipped], None] = lambda _: None
    progress: Callable[[ReplayCount], None] = lambda _: None


class DeadLetterReplay:
    """One run, a context manager.

    Args:
        connection: where Kafka is.
        topic: the dead-letter topic.
        group: holds which letters are done; see `Bookmark`.
        plan: how to replay.
        watch: is told what happens.

    Raises:
        KafkaRequestError: of the kind that says what is wrong.
    """

    def __init__(
        self, connection: Connection, topic: str, group: str, plan: ReplayPlan, watch: ReplayWatch
    ) -> None:
        self._connection = connection
        self._topic = topic
        self._bookmark = Bookmark(connection, group, topic)
        self._plan = plan
        self._watch = watch
        self._writers: dict[str, TopicWriter] = {}
        self._pace = Pace(plan.rate)
        self._count = ReplayCount()
        self._unsettled = 0
        self._started = self._settled_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the connections."""
        for writer in self._writers.values():
            writer.close()
        self._bookmark.close()

    def run(self, wanted: DeadLetterFilter) -> ReplayCount:
        """Replay the wanted letters that the topic holds at the time of this call.

        Raises:
            TopicError: a topic is absent or may not be used, or the target is the dead-letter topic.
            DeliveryError: the broker refused a letter; those that it took before are done.
            ScatteredError: letters from here and there were replayed, too many to remember which.
            KafkaRequestError: another error, of the kind that says what is wrong.
        """
        read_to = self._bookmark.starts(again=self._plan.again)
        self._bookmark.check_room(_BATCH)
        try:
            for record in read(self._connection, self._topic, dict(read_to)):
                self._bookmark.mark(record.partition, read_to[record.partition], record.offset)  # a gap
                read_to[record.partition] = record.offset + 1
                self._record(record, wanted)
                if self._unsettled >= _BATCH or time.monotonic() - self._settled_at >= _CHECKPOINT_S:
                    self._settle()
                    self._bookmark.check_room(_BATCH)
        finally:  # when it is interrupted, too
            self._settle()
        return self._count

    def run_one(self, letter: Letter, value: bytes | None) -> ReplayCount:
        """Replay one letter.

        Args:
            letter: it.
            value: in the place of its value; None: the value as it is.

        Raises:
            KafkaRequestError: as `run` does.
        """
        self._bookmark.check_room(1)
        try:
            self._letter(letter, value)
        finally:
            self._settle()
        return self._count

    def _record(self, record: RawRecord, wanted: DeadLetterFilter) -> None:
        self._count.read += 1
        try:
            letter = Letter(record, parse(record))
        except NotADeadLetterError as error:
            if wanted == DeadLetterFilter() and not self._is_done(record):
                self._skip(record, f"no dead letter: {error}")
            return
        if wanted.passes(letter):
            self._letter(letter, None)

    def _letter(self, letter: Letter, value: bytes | None) -> None:
        record, view = letter
        if self._is_done(record):
            self._count.before += 1
        elif view.value_omitted and value is None:
            self._skip(record, "its value was too large for the dead-letter topic and is not there")
        else:
            self._pace.wait()
            self._send(letter, record.value if value is None else value)

    def _is_done(self, record: RawRecord) -> bool:
        return not self._plan.again and self._bookmark.is_done(record.partition, record.offset)

    def _send(self, letter: Letter, value: bytes | None) -> None:
        record, view = letter
        writer = self._writer(self._plan.to or view.topic)
        output = OutputRecord(
            key=record.key,
            value=value,
            headers=replayed_headers(record),
            source_partition=view.partition,
            source_keyed=record.key is not None,
        )
        done = partial(self._done, letter, writer.topic)
        if self._plan.dry_run:
            done()
            return
        try:
            writer.send(output, self._partition(letter, writer), done)
        except RecordTooLargeError as error:
            self._watch_skipped(record, str(error))
        self._unsettled += 1

    def _partition(self, letter: Letter, writer: TopicWriter) -> int:
        """Back to the partition that the record came from; in another topic its key decides."""
        same = writer.topic == letter.view.topic and letter.view.partition < writer.partitions
        return letter.view.partition if same else BY_KEY

    def _writer(self, topic: str) -> TopicWriter:
        if topic == self._topic:
            raise TopicError(f"topic {topic} is the dead-letter topic: replay to another one")
        if topic not in self._writers:
            self._writers[topic] = TopicWriter(self._connection, topic)
        return self._writers[topic]

    def _done(self, letter: Letter, topic: str) -> None:
        self._count.replayed += 1
        for counts, name in ((self._count.by_reason, letter.view.reason), (self._count.by_topic, topic)):
            counts[name] = counts.get(name, 0) + 1
        self._mark(letter.record)

    def _skip(self, record: RawRecord, why: str) -> None:
        """Told once: a second run has nothing else to tell of it."""
        self._mark(record)
        self._watch_skipped(record, why)

    def _watch_skipped(self, record: RawRecord, why: str) -> None:
        self._count.skipped += 1
        self._watch.skipped(Skipped(LetterPlace(record.partition, record.offset), why))

    def _mark(self, record: RawRecord) -> None:
        self._bookmark.mark(record.partition, record.offset, record.offset + 1)

    def _settle(self) -> None:
        """Wait for the acks, then commit what they were for, also when one was refused."""
        try:
            for writer in self._writers.values():
                writer.settle()
        finally:
            self._unsettled = 0
            if not self._plan.dry_run:
                self._bookmark.commit()
                self._bookmark.check_room(_BATCH)
            self._settled_at = time.monotonic()
            self._count.seconds = self._settled_at - self._started
            self._watch.progress(self._count)
