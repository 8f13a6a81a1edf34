"""Which offset may be committed: the end of what was delivered and acked without a hole, no further."""

from collections import deque


class OffsetTracker:
    """The offsets of one partition from delivery to commit.

    A slice of records is known by its last offset. Slices are delivered in order and acked in any order;
    the committable offset moves only over slices that are acked up to the first one that is not.
    """

    def __init__(self) -> None:
        self._delivered: deque[int] = deque()
        self._acked: set[int] = set()
        self._position: int | None = None
        self._committed: int | None = None
        self.epoch = 0

    def delivered(self, last_offset: int) -> int:
        """A slice that ends with `last_offset` was handed to the worker.

        Returns:
            The epoch: the slice is stale as soon as that is no longer the tracker's.
        """
        self._delivered.append(last_offset)
        return self.epoch

    def rewind(self, last_offset: int) -> None:
        """What was delivered behind `last_offset` is stale, and will be delivered again."""
        while self._delivered and self._delivered[-1] > last_offset:
            self._delivered.pop()
        self.epoch += 1

    def expire(self) -> None:
        """What was delivered and is not yet in work is stale, and will be delivered again."""
        self.epoch += 1

    def acked(self, last_offset: int) -> None:
        """All outputs of the slice that ends with `last_offset` are held by the broker."""
        self._acked.add(last_offset)
        while self._delivered and self._delivered[0] in self._acked:
            done = self._delivered.popleft()
            self._acked.discard(done)
            self._position = done + 1

    def committable(self) -> int | None:
        """The offset to commit (that of the next record to read), None when there is nothing new."""
        return None if self._position == self._committed else self._position

    def committed(self, offset: int) -> None:
        """The broker holds `offset` as committed."""
        self._committed = offset

    @property
    def unacked(self) -> int:
        """Slices delivered and not yet acked without a hole before them."""
        return len(self._delivered)
