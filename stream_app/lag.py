"""What a worker has still to do in a partition, as a pair of figures."""

from typing import NamedTuple

TopicPartition = tuple[str, int]


class Lag(NamedTuple):
    """How far the committed offset of one partition is behind the partition's end.

    Attributes:
        records: offsets from the committed one to the end. Markers of transactions take offsets too, so
            this may be above zero although no record waits.
        seconds: now minus the timestamp of the first uncommitted record, never negative; 0 when none waits.
    """

    records: int
    seconds: float

    @property
    def is_waiting(self) -> bool:
        """Whether a record waits to be classified."""
        return self.records > 0 and self.seconds > 0
