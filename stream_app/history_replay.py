"""A range of the input classified anew, to a topic of its own, by the same core as the stream."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, NamedTuple, Self

from stream_app.core.identity import short_hash
from stream_app.core.isolation import classify_isolating
from stream_app.core.messages import DeadLetter, encode_dead_letter
from stream_app.core.pipeline import Outcome, Rules
from stream_app.core.scoring import Model
from stream_app.kafka.connection import Connection
from stream_app.kafka.group_offsets import CommittedOffset, GroupOffsets
from stream_app.kafka.publish import OutputTopic, fit, result_partition
from stream_app.kafka.reader import RawRecord, beginning_offsets, read
from stream_app.kafka.time_offsets import offsets_at_time
from stream_app.kafka.topic_writer import TopicWriter

_SLICE: Final = 256
_CHECKPOINT_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class HistoryPlan:
    """What to classify, and where to.

    Attributes:
        source: the input topic.
        from_ms: begins, in each partition, with the first record of this time or later (ms since the epoch).
        to_ms: ends before the first record of this time or later.
        results: the topic for the results; it exists.
        dead_letters: the topic for the dead letters; it exists. None: they are counted only.
    """

    source: str
    from_ms: int
    to_ms: int
    results: str
    dead_letters: str | None = None

    def group(self, prefix: str, *decisive: object) -> str:
        """The group that keeps how far a replay is: one of the same plan goes on where that stopped.

        Args:
            prefix: what its name begins with.
            decisive: what else the results depend on; another model makes another group.
        """
        plan = (self.source, self.from_ms, self.to_ms, self.results, self.dead_letters)
        return f"{prefix}-replay-{short_hash(repr((plan, decisive)))[:12]}"


@dataclass(slots=True)
class HistoryCount:
    """How far a replay is.

    Attributes:
        offsets: in the range, in all partitions; a record takes one, and so does a transaction's marker.
        before: of them, those that an earlier run did.
        done: of them, those that are done now.
        results: of this run, held by the broker.
        dead_letters: of this run, by reason.
        seconds: since the start.
    """

    offsets: int = 0
    before: int = 0
    done: int = 0
    results: int = 0
    dead_letters: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


class _Range(NamedTuple):
    """Offsets by partition."""

    starts: dict[int, int]
    ends: dict[int, int]

    def __len__(self) -> int:
        return sum(max(end - self.starts[number], 0) for number, end in self.ends.items())


class HistoryReplay:
    """One run, a context manager.

    Args:
        connection: where Kafka is.
        plan: what to classify, and where to.
        group: keeps how far the replay is; it has no members.
        progress: is told about once a second, and at the end.

    Raises:
        TopicError: a topic does not exist or may not be used.
        KafkaRequestError: another error, of the kind that says what is wrong.
    """

    def __init__(
        self,
        connection: Connection,
        plan: HistoryPlan,
        group: str,
        progress: Callable[[HistoryCount], None] = lambda _: None,
    ) -> None:
        self._connection = connection
        self._plan = plan
        self._progress = progress
        self._range = _range(connection, plan)
        self._results = TopicWriter(connection, plan.results)
        self._letters = TopicWriter(connection, plan.dead_letters) if plan.dead_letters else None
        self._offsets = GroupOffsets(connection, group, plan.source)
        self._started = self._settled_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the connections."""
        for client in (self._results, self._letters, self._offsets):
            if client is not None:
                client.close()

    def run(self, model: Model, rules: Rules, *, again: bool = False) -> HistoryCount:
        """Classify what an earlier run left of the range, or all of it `again`.

        Raises:
            DeliveryError: the broker refused an output; the next run goes on before it.
            KafkaRequestError: another error, of the kind that says what is wrong.
        """
        count = HistoryCount(offsets=len(self._range))
        nexts = dict(self._range.starts) if again else self._left()
        count.before = count.done = count.offsets - len(_Range(nexts, self._range.ends))
        limited = replace(rules, max_result_bytes=self._results.max_record_bytes)
        try:
            for records in _slices(read(self._connection, self._plan.source, nexts, until=self._range.ends)):
                for outcome in classify_isolating(records, model, limited):
                    self._send(outcome, count)
                nexts |= {record.partition: record.offset + 1 for record in records}
                if time.monotonic() - self._settled_at >= _CHECKPOINT_S:
                    self._checkpoint(nexts, count)
        finally:  # when it is interrupted, too
            self._checkpoint(nexts, count)
        self._checkpoint(nexts | self._range.ends, count)
        return count

    def _left(self) -> dict[int, int]:
        """Where to go on, by partition."""
        committed = self._offsets.read()
        return {
            number: max(start, committed.get(number, CommittedOffset(0)).offset)
            for number, start in self._range.starts.items()
        }

    def _send(self, outcome: Outcome, count: HistoryCount) -> None:
        target = self._results
        same = target.partitions == len(self._range.ends)
        topic = OutputTopic(target.topic, target.partitions, target.max_record_bytes, same)
        for output in outcome.results:
            target.send(output, result_partition(output, topic))
        count.results += len(outcome.results)
        for letter in outcome.dead_letters:
            count.dead_letters[letter.reason] = count.dead_letters.get(letter.reason, 0) + 1
            if self._letters is not None:
                _send_letter(letter, self._letters)

    def _checkpoint(self, nexts: Mapping[int, int], count: HistoryCount) -> None:
        """Wait for the acks, then commit."""
        self._results.settle()
        if self._letters is not None:
            self._letters.settle()
        self._offsets.commit({number: CommittedOffset(offset) for number, offset in nexts.items()})
        self._settled_at = time.monotonic()
        count.seconds = self._settled_at - self._started
        count.done = count.offsets - len(_Range(dict(nexts), self._range.ends))
        self._progress(count)


def _range(connection: Connection, plan: HistoryPlan) -> _Range:
    beginnings = beginning_offsets(connection, plan.source)
    starts = offsets_at_time(connection, plan.source, plan.from_ms)
    return _Range(
        {number: max(start, beginnings[number]) for number, start in starts.items()},
        offsets_at_time(connection, plan.source, plan.to_ms),
    )


def _slices(records: Iterator[RawRecord]) -> Iterable[list[RawRecord]]:
    while found := list(islice(records, _SLICE)):
        yield found


def _send_letter(letter: DeadLetter, writer: TopicWriter) -> None:
    output = fit(encode_dead_letter(letter), writer.max_record_bytes)
    writer.send(output, letter.record.partition % writer.partitions)
