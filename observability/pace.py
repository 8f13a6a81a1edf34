"""How fast the time of the rules runs: as in production, or faster, so that a test sees them fire."""

from dataclasses import dataclass
from typing import Final

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_UNITS: Final = (("d", 1000 * DAY), ("h", 1000 * HOUR), ("m", 1000 * MINUTE), ("s", 1000), ("ms", 1))


@dataclass(frozen=True, slots=True)
class Pace:
    """Windows and waits, divided by a factor.

    Attributes:
        factor: 1 in production; 60 makes a second of a minute.
    """

    factor: int = 1

    def duration(self, seconds: int) -> str:
        """As PromQL writes it: 90 minutes are 90m."""
        milliseconds = 1000 * seconds // self.factor
        unit, size = next((unit, size) for unit, size in _UNITS if milliseconds % size == 0)
        return f"{milliseconds // size}{unit}"

    def limit(self, seconds: int, at_least: int = 1) -> int:
        """An age in seconds to compare with; `at_least` is what the worker needs whatever the pace."""
        return max(seconds // self.factor, at_least)
