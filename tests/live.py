"""A results topic that a test fills by hand, in the place of Kafka's."""

import queue
from collections.abc import Callable, Iterator

from stream_app.bundled import bundled
from stream_app.core.messages import Record
from stream_app.core.pipeline import Rules, classify
from stream_app.model_store import load_model
from tests.records import StoredRecord


class FilledTopic:
    """Gives whoever follows it what was put in, from the time of the following on."""

    def __init__(self) -> None:
        self._records: queue.SimpleQueue[Record] = queue.SimpleQueue()
        self.followed = 0
        self.left = 0

    def put(self, *values: bytes | None) -> None:
        for value in values:
            self._records.put(StoredRecord(value))

    def follow(self, stop: Callable[[], bool]) -> Iterator[Record]:
        self.followed += 1
        while not stop():
            try:
                yield self._records.get(timeout=0.02)
            except queue.Empty:
                continue
        self.left += 1


def results_of(*reviews: bytes) -> list[bytes]:
    """What the stream would make of these reviews."""
    records = [StoredRecord(review, offset=number) for number, review in enumerate(reviews)]
    outcome = classify(records, load_model(bundled("champion"), "inherited"), Rules())
    return [output.value or b"" for output in outcome.results]
