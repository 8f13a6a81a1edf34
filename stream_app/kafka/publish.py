"""Outputs on their way to the broker: whole record batches, in order within a partition."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from aiokafka.errors import UnknownTopicOrPartitionError
from aiokafka.partitioner import murmur2
from aiokafka.producer.message_accumulator import BatchBuilder
from msgspec.structs import replace

from stream_app.core.messages import DEAD_LETTER_HEADERS, OutputRecord, without_value
from stream_app.core.pipeline import record_bytes
from stream_app.kafka.producers import PatientProducer

# The results of a whole slice in one batch: a second would wait for the first.
_MAX_BATCH_BYTES: Final = 900_000
_BATCH_HEADER_BYTES: Final = 1_024


@dataclass(frozen=True, slots=True)
class OutputTopic:
    """A topic to produce to.

    Attributes:
        name: its name.
        partitions: how many it has.
        max_record_bytes: its `max.message.bytes`.
        same_partitions: whether the input has as many partitions.
    """

    name: str
    partitions: int
    max_record_bytes: int
    same_partitions: bool


class Outputs(NamedTuple):
    """What is produced for a slice, in order."""

    results: Sequence[OutputRecord]
    dead_letters: Sequence[OutputRecord]


class Batches:
    """Record batches that are filled now and sent later: a record costs less while it is in the cache.

    Args:
        producer: whose they are.
    """

    def __init__(self, producer: PatientProducer) -> None:
        self._producer = producer
        self._last: dict[tuple[str, int], BatchBuilder] = {}
        self._filled: list[tuple[str, int, BatchBuilder]] = []
        self._joined: list[asyncio.Future[Any]] = []

    def add(self, topic: str, partition: int, records: Iterable[OutputRecord]) -> None:
        """Append records to the last batch of their partition, or to new ones."""
        now_ms = int(time.time() * 1000)
        batch = self._last.get((topic, partition)) or self._join(topic, partition)
        for record in records:
            if batch is None or not _append(batch, now_ms, record):
                batch = self._producer.create_batch()
                self._filled.append((topic, partition, batch))
                self._last[topic, partition] = batch
                _append(batch, now_ms, record)

    async def send(self) -> list[asyncio.Future[Any]]:
        """Enqueue what was filled.

        Returns:
            A future per batch, done when the broker has it; it raises what the broker refused it with.
        """
        return self._joined + [
            await self._producer.send_batch(batch, topic, partition=partition)
            for topic, partition, batch in self._filled
        ]

    def _join(self, topic: str, partition: int) -> BatchBuilder | None:
        """While the broker is busy, what comes meanwhile goes together."""
        waiting = self._producer.waiting_batch(topic, partition)
        if waiting is None:
            return None
        batch, done = waiting
        self._joined.append(done)
        return batch


class Publisher:
    """Knows which topic and partition each output goes to.

    Args:
        results: the results topic.
        dead_letters: the dead-letter topic.
    """

    def __init__(self, results: OutputTopic, dead_letters: OutputTopic) -> None:
        self._results = results
        self._dead_letters = dead_letters

    @property
    def max_batch_bytes(self) -> int:
        """How large a producer's batches may be: smaller than both topics' limits."""
        limits = (self._results.max_record_bytes, self._dead_letters.max_record_bytes)
        return min(_MAX_BATCH_BYTES, *(limit - _BATCH_HEADER_BYTES for limit in limits))

    def pack(self, outputs: Outputs, batches: Batches) -> None:
        """Append all outputs to batches, of at most `max_batch_bytes`."""
        for partition, records in self._results_by_partition(outputs.results).items():
            batches.add(self._results.name, partition, records)
        for partition, records in self._letters_by_partition(outputs.dead_letters).items():
            batches.add(self._dead_letters.name, partition, records)

    def check(self, producer: PatientProducer) -> None:
        """Nothing, when both topics have their partitions, as far as the producer knows.

        Raises:
            UnknownTopicOrPartitionError: a topic was made anew and has fewer partitions than before: what
                goes to a partition that is gone would wait for one in vain.
        """
        for topic in (self._results, self._dead_letters):
            known = producer.client.cluster.partitions_for_topic(topic.name)
            if known and len(known) < topic.partitions:
                raise UnknownTopicOrPartitionError(
                    f"topic {topic.name} has {len(known)} partitions now, it had {topic.partitions}"
                )

    def _results_by_partition(self, results: Iterable[OutputRecord]) -> dict[int, list[OutputRecord]]:
        by_partition: defaultdict[int, list[OutputRecord]] = defaultdict(list)
        for record in results:
            by_partition[result_partition(record, self._results)].append(record)
        return by_partition

    def _letters_by_partition(self, letters: Iterable[OutputRecord]) -> dict[int, list[OutputRecord]]:
        by_partition: defaultdict[int, list[OutputRecord]] = defaultdict(list)
        for letter in letters:
            fitting = fit(letter, self._dead_letters.max_record_bytes)
            by_partition[letter.source_partition % self._dead_letters.partitions].append(fitting)
        return by_partition


def _append(batch: BatchBuilder, now_ms: int, record: OutputRecord) -> bool:
    """Whether the record had room in the batch."""
    added = batch.append(timestamp=now_ms, key=record.key, value=record.value, headers=record.headers)
    return added is not None


def result_partition(record: OutputRecord, topic: OutputTopic) -> int:
    """The input's partition for a keyed record when both topics have as many, else Java's default choice.

    Formula of the latter: (murmur2(key) & 0x7fffffff) % partitions, as in Kafka's BuiltInPartitioner.
    """
    if record.source_keyed and topic.same_partitions and record.source_partition < topic.partitions:
        return record.source_partition
    return int(murmur2(record.key or b"") & 0x7FFFFFFF) % topic.partitions


def fit(letter: OutputRecord, max_record_bytes: int) -> OutputRecord:
    """The dead letter as it is, or else without its value, or else with nothing but our headers."""
    if record_bytes(letter) <= max_record_bytes:
        return letter
    letter = without_value(letter)
    if record_bytes(letter) <= max_record_bytes:
        return letter
    own = [header for header in letter.headers if header[0].startswith(DEAD_LETTER_HEADERS)]
    return replace(letter, key=None, headers=own)
