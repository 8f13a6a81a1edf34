"""A slice of records in the place of Faust's single record: how it is cut, carried and handed on."""

import time
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
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
    """Consecutive records of one partition.

    Attributes:
        records: at least one.
        value_bytes: of all their values.
        fetched_at: when they were at hand, in monotonic seconds.
    """

    records: Sequence[ConsumerRecord]
    value_bytes: int
    fetched_at: float

    def fullness(self, max_batch: int) -> float:
        """How many full slices it makes up, by the number of records or their bytes, whichever is more."""
        return max(len(self.records) / max_batch, self.value_bytes / MAX_SLICE_BYTES)


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
                        yield tp, Slice(*part, fetched_at)

    return SlicingStrategy


def cut(records: Sequence[ConsumerRecord], max_batch: int) -> Iterator[tuple[Sequence[ConsumerRecord], int]]:
    """Consecutive slices of at most `max_batch` records, and MAX_SLICE_BYTES unless one alone has more.

    Yields:
        The records of a slice, and the bytes of their values.
    """
    ends = list(accumulate(len(record.value or b"") for record in records))
    start = held = 0
    while start < len(ends):
        fitting = bisect_right(ends, held + MAX_SLICE_BYTES, start)
        stop = min(max(fitting, start + 1), start + max_batch)
        yield records[start:stop], ends[stop - 1] - held
        start, held = stop, ends[stop - 1]


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
