"""A slice of records in the place of Faust's single record: how it is cut, carried and handed on."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

import faust
from aiokafka.structs import ConsumerRecord
from faust.transport.utils import DefaultSchedulingStrategy
from faust.types import TP
from faust.types.tuples import ConsumerMessage

from stream_app.kafka.offsets import OffsetTracker

MAX_SLICE_BYTES: Final = 500_000
"""A text of nothing but ends of sentences takes 150 times its bytes on its way through the core."""


class Slice(NamedTuple):
    """Consecutive records of one partition, and when they were at hand (monotonic seconds)."""

    records: Sequence[ConsumerRecord]
    fetched_at: float


def slicing(max_batch: int) -> type[DefaultSchedulingStrategy]:
    """A scheduling strategy that yields slices of at most `max_batch` records, the partitions in turn."""

    class SlicingStrategy(DefaultSchedulingStrategy):
        def iterate(self, records: Mapping[TP, list[ConsumerRecord]]) -> Iterator[tuple[TP, Slice]]:
            fetched_at = time.monotonic()
            cuts = {tp: cut(of_partition, max_batch) for tp, of_partition in records.items()}
            while cuts:
                for tp, parts in list(cuts.items()):
                    if (part := next(parts, None)) is None:
                        del cuts[tp]
                    else:
                        yield tp, Slice(part, fetched_at)

    return SlicingStrategy


def cut(records: Sequence[ConsumerRecord], max_batch: int) -> Iterator[Sequence[ConsumerRecord]]:
    """Consecutive slices of at most `max_batch` records, and MAX_SLICE_BYTES unless one alone has more."""
    start = held = 0
    for number, record in enumerate(records):
        size = len(record.value or b"")
        if number - start == max_batch or (held + size > MAX_SLICE_BYTES and number > start):
            yield records[start:number]
            start, held = number, 0
        held += size
    if start < len(records):
        yield records[start:]


def fullness(records: Sequence[ConsumerRecord], max_batch: int) -> float:
    """How many full slices the records make up, by their number or their bytes, whichever is more."""
    return max(
        len(records) / max_batch, sum(len(record.value or b"") for record in records) / MAX_SLICE_BYTES
    )


class SliceSchema(faust.Schema[Any, Any]):
    """Hands a slice on as it is: decoding is the core's."""

    def loads_key(self, app: Any, message: Any, **_: Any) -> None:  # noqa: ANN401 - Faust's signature
        """No key: a slice has many."""

    def loads_value(self, app: Any, message: Any, **_: Any) -> Slice:  # noqa: ANN401, ARG002 - see above
        """The slice."""
        return cast("Slice", message.value)


class SliceMessage(ConsumerMessage):
    """A slice on its way through Faust.

    Attributes:
        tracker: of its partition since the last seek; an ack after a seek must not reach the next one.
        is_published: whether the broker holds all its outputs. Faust acks what it skips, too: slices that
            come out of a full buffer after the partitions were given up. Those must be read again.
        epoch: of the tracker when it was delivered; None: stale from the beginning.
    """

    __slots__ = ("epoch", "is_published", "tracker")
    tracker: OffsetTracker
    is_published: bool
    epoch: int | None

    @property
    def is_stale(self) -> bool:
        """Whether its partition was paused before it, so that it is delivered again."""
        return self.epoch != self.tracker.epoch
