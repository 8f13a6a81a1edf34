"""When to pause a partition because too much of it is dead-lettered, and when to try again.

One bad record is the record's fault. When every fifth is bad, the producer's format changed or the model is
broken, and going on only moves the backlog into the dead letters. Pure: the time is passed in.

    closed ── share above the limit ──► open ── delay over ──► probing ── a clean slice ──► closed
                                         ▲                        │
                                         └── delay doubled ───────┘ a slice above the limit
"""

from collections import deque
from collections.abc import Iterable
from typing import Final, Generic, Literal, NamedTuple, TypeVar

WINDOW_RECORDS: Final = 500
"""A share of fewer records says nothing."""

State = Literal["closed", "open", "probing"]
Partition = TypeVar("Partition")


class ProbeDelays(NamedTuple):
    """Seconds from a pause to its first probe, and at most from one probe to the next."""

    first_s: float = 30.0
    longest_s: float = 300.0


PROBE_DELAYS: Final = ProbeDelays()


class Breaker:
    """The breaker of one partition.

    Args:
        limit: the share of dead letters, 0 to 1, above which it opens; 1 never.
        delays: between probes.
    """

    def __init__(self, limit: float, delays: ProbeDelays) -> None:
        self._limit = limit
        self._delays = delays
        self._delay_s = delays.first_s
        self._probe_at = 0.0
        self._slices: deque[tuple[int, int]] = deque()
        self._records = self._dead_letters = 0
        self.state: State = "closed"

    @property
    def share(self) -> float:
        """The share of dead letters among the records that were looked at last."""
        return self._dead_letters / self._records if self._records else 0.0

    @property
    def delay_s(self) -> float:
        """Seconds from the last pause to its probe."""
        return self._delay_s

    def classified(self, records: int, dead_letters: int, now: float) -> bool:
        """A slice of the partition was classified.

        Returns:
            Whether the state has changed.
        """
        if self.state == "open":
            return False
        if self.state == "probing":
            self._slices.clear()
            self._records = self._dead_letters = 0
        self._add(records, dead_letters)
        above = self.share > self._limit
        if self.state == "probing":
            self._delay_s = min(2 * self._delay_s, self._delays.longest_s) if above else self._delays.first_s
        elif not above or self._records < WINDOW_RECORDS:
            return False
        self.state = "open" if above else "closed"
        self._probe_at = now + self._delay_s
        return True

    def probe(self, now: float) -> bool:
        """Whether a probe begins now: the next slice decides."""
        if self.state != "open" or now < self._probe_at:
            return False
        self.state = "probing"
        return True

    def _add(self, records: int, dead_letters: int) -> None:
        """Look at the most recent slices that together hold the window."""
        self._slices.append((records, dead_letters))
        self._records += records
        self._dead_letters += dead_letters
        while self._records - self._slices[0][0] >= WINDOW_RECORDS:
            gone, gone_dead = self._slices.popleft()
            self._records -= gone
            self._dead_letters -= gone_dead


class Breakers(Generic[Partition]):
    """A breaker for each partition.

    Args:
        limit, delays: as for each of them.
    """

    def __init__(self, limit: float, delays: ProbeDelays) -> None:
        self._limit = limit
        self._delays = delays
        self._breakers: dict[Partition, Breaker] = {}

    def __getitem__(self, partition: Partition) -> Breaker:
        if partition not in self._breakers:
            self._breakers[partition] = Breaker(self._limit, self._delays)
        return self._breakers[partition]

    @property
    def open(self) -> set[Partition]:
        """The partitions that are paused."""
        return {partition for partition, breaker in self._breakers.items() if breaker.state == "open"}

    def probes(self, now: float) -> list[Partition]:
        """The partitions for which a probe begins now."""
        return [partition for partition, breaker in self._breakers.items() if breaker.probe(now)]

    def forget(self, partitions: Iterable[Partition]) -> None:
        """The partitions have another owner, or begin anew with this one."""
        for partition in partitions:
            self._breakers.pop(partition, None)
