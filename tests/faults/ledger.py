"""The account of a run by the number of each input: a byte for one, so that a long run fits in memory."""

from bisect import bisect_left
from collections import Counter, defaultdict
from typing import Final

from stream_app.account import Verdict
from tests.faults.inputs import is_poison, key_of

_MOST_NUMBERS: Final = 100_000_000
_RESOLUTION_MS: Final = 20


class Ledger:
    """Outputs as they are read back.

    Args:
        poison_every: of the inputs, which are to be dead letters.
    """

    def __init__(self, poison_every: int = 0) -> None:
        self.strange = 0
        self.out_of_order = 0
        self._poison_every = poison_every
        self._outputs = bytearray()  # by number; more than 255 count as 255
        self._duplicates = 0
        self._latest: dict[tuple[bool, bytes], int] = {}

    def result(self, number: int | None, key: bytes | None) -> None:
        """A result was read."""
        self._output(number, key, is_letter=False)

    def dead_letter(self, number: int | None, key: bytes | None) -> None:
        """A dead letter was read."""
        self._output(number, key, is_letter=True)

    @property
    def done(self) -> int:
        """How many inputs have an output."""
        return len(self._outputs) - self._outputs.count(0)

    @property
    def outputs(self) -> int:
        """So many so far, repeats included."""
        return self.done + self._duplicates

    def close(self, fed: int) -> Verdict:
        """The verdict on the inputs from 0 to below `fed`."""
        known = self._outputs[:fed]
        poison = known[self._poison_every - 1 :: self._poison_every] if self._poison_every else b""
        letters = len(poison) - poison.count(0)
        done = len(known) - known.count(0)
        beyond = len(self._outputs[fed:]) - self._outputs[fed:].count(0)
        return Verdict(fed, done - letters, letters, fed - done, self._duplicates, self.strange + beyond)

    def lost(self, fed: int) -> list[int]:
        """The numbers below `fed` that have no output."""
        return [number for number in range(fed) if number >= len(self._outputs) or not self._outputs[number]]

    def _output(self, number: int | None, key: bytes | None, *, is_letter: bool) -> None:
        if number is None or number >= _MOST_NUMBERS or not self._fits(number, key, is_letter=is_letter):
            self.strange += 1
            return
        if number >= len(self._outputs):
            self._outputs.extend(bytes(number + 1 - len(self._outputs)))
        if self._outputs[number]:
            self._duplicates += 1
        else:
            self._first(number, (is_letter, key_of(number)))
        self._outputs[number] = min(self._outputs[number] + 1, 255)

    def _fits(self, number: int, key: bytes | None, *, is_letter: bool) -> bool:
        return key == key_of(number) and is_letter == is_poison(number, self._poison_every)

    def _first(self, number: int, sequence: tuple[bool, bytes]) -> None:
        """Order is that of first outputs: a repeat of an earlier one says nothing."""
        latest = self._latest.get(sequence, -1)
        self.out_of_order += number < latest
        self._latest[sequence] = max(number, latest)


class Progress:
    """When outputs were appended, by the partition of their input.

    Args:
        partitions: of the input.
    """

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions
        self._times_ms: defaultdict[int, list[int]] = defaultdict(list)
        self._appended: Counter[int] = Counter()  # by tenth of a second

    def output(self, partition: int, appended_ms: int) -> None:
        """An output was appended to its topic, ms since the epoch."""
        self._appended[appended_ms // 100] += 1
        times = self._times_ms[partition]
        if not times or appended_ms >= times[-1] + _RESOLUTION_MS:
            times.append(appended_ms)

    def resumed_after_s(self, since_ms: float) -> float:
        """From then until every partition had an output again; infinite where one has none."""
        waits = [_wait_ms(self._times_ms[partition], since_ms) for partition in range(self._partitions)]
        return max(waits) / 1000

    def most_within(self, tenths: int) -> int:
        """The most outputs that were appended within so many tenths of a second."""
        starts = list(self._appended)
        return max((sum(self._appended[start + by] for by in range(tenths)) for start in starts), default=0)


def _wait_ms(times_ms: list[int], since_ms: float) -> float:
    place = bisect_left(times_ms, since_ms)
    return times_ms[place] - since_ms if place < len(times_ms) else float("inf")
