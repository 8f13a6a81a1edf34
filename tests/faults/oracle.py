"""Reads the output topics back, as they grow, and accounts for every input."""

from collections.abc import Iterable
from contextlib import suppress

import msgspec

from stream_app.core.messages import decode_result
from stream_app.kafka.connection import KafkaRequestError
from stream_app.kafka.reader import RawRecord, beginning_offsets, read
from tests.faults.inputs import number_of_poison, number_of_result
from tests.faults.ledger import Ledger, Progress
from tests.stream import Stream

LOG_APPEND_TIME = {"message.timestamp.type": "LogAppendTime"}
"""Of the output topics: recovery is judged by when the broker had a record, not by when it was made."""


class Oracle:
    """The account of a stream whose inputs are those of `tests.faults.inputs`.

    Args:
        flow: the stream.
        poison_every: as it was fed.
        partitions: of the input.
    """

    def __init__(self, flow: Stream, poison_every: int = 0, partitions: int = 4) -> None:
        self.ledger = Ledger(poison_every)
        self.progress = Progress(partitions)
        self._flow = flow
        self._read_to: dict[str, dict[int, int]] = {flow.results: {}, flow.dead_letters: {}}

    def read_on(self) -> None:
        """Account for what is new in the topics; what cannot be read now is read the next time."""
        with suppress(KafkaRequestError):
            self.read_to_the_ends()

    def read_to_the_ends(self) -> None:
        """Account for all that is in the topics: before a verdict.

        Raises:
            KafkaRequestError: they could not be read to their ends.
        """
        for record in self._new_records(self._flow.results):
            self._result(record)
        for record in self._new_records(self._flow.dead_letters):
            self._dead_letter(record)

    def made_anew(self, topic: str) -> None:
        """An output topic was deleted and created again: its offsets begin anew."""
        self._read_to[topic] = {}

    def _new_records(self, topic: str) -> Iterable[RawRecord]:
        read_to = self._read_to[topic]
        starts = beginning_offsets(self._flow.connection, topic) | read_to
        for record in read(self._flow.connection, topic, starts, idle_timeout_s=10):
            read_to[record.partition] = record.offset + 1
            yield record

    def _result(self, record: RawRecord) -> None:
        try:
            result = decode_result(record.value or b"")
        except msgspec.DecodeError:
            self.ledger.result(None, record.key)
            return
        self.ledger.result(number_of_result(result), record.key)
        if result.source:
            self.progress.output(result.source.partition, record.timestamp)

    def _dead_letter(self, record: RawRecord) -> None:
        self.ledger.dead_letter(number_of_poison(record.value), record.key)
        if partition := dict(record.headers).get("__connect.errors.partition"):
            self.progress.output(int(partition), record.timestamp)
