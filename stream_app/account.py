"""The account of a run: every input record must have ended as a result or a dead letter, and once."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

Place = tuple[int, int]
"""Partition and offset of an input record."""


class Verdict(NamedTuple):
    """What became of the inputs.

    Attributes:
        reviews: input records.
        results, dead_letters: of them, how many have at least one.
        lost: how many have neither.
        duplicates: outputs beyond the first of each input.
        strange: outputs that belong to no input.
    """

    reviews: int
    results: int
    dead_letters: int
    lost: int
    duplicates: int
    strange: int


class Account:
    """Outputs as they are seen, by the place of their input."""

    def __init__(self) -> None:
        self._results: Counter[Place] = Counter()
        self._dead_letters: Counter[Place] = Counter()

    def result(self, place: Place) -> None:
        """A result was read."""
        self._results[place] += 1

    def dead_letter(self, place: Place) -> None:
        """A dead letter was read."""
        self._dead_letters[place] += 1

    @property
    def done(self) -> int:
        """Inputs with an output of either kind."""
        return len(self._results.keys() | self._dead_letters.keys())

    @property
    def results(self) -> int:
        """Inputs with a result."""
        return len(self._results)

    @property
    def dead_letters(self) -> int:
        """Inputs with a dead letter."""
        return len(self._dead_letters)

    def close(self, inputs: Iterable[Place]) -> Verdict:
        """The verdict on these inputs."""
        expected = set(inputs)
        seen = self._results.keys() | self._dead_letters.keys()
        outputs = self._results.total() + self._dead_letters.total()
        return Verdict(
            reviews=len(expected),
            results=len(self._results.keys() & expected),
            dead_letters=len(self._dead_letters.keys() & expected),
            lost=len(expected - seen),
            duplicates=outputs - len(seen),
            strange=len(seen - expected),
        )


def places(ends: Mapping[int, int], starts: Mapping[int, int] | None = None) -> set[Place]:
    """Every place of a topic without gaps, from the start (default 0) to the end offset of each partition."""
    firsts = starts or {}
    return {(number, offset) for number, end in ends.items() for offset in range(firsts.get(number, 0), end)}
