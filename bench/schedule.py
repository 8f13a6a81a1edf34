"""An open-loop schedule: when each review is meant to be sent, whatever became of the one before. Pure."""

from math import floor
from typing import NamedTuple


class Schedule(NamedTuple):
    """Review number n is due n / rate seconds after the start.

    Latency is counted from then. A sender that waits for a stalled system would send less while it is slow
    and so hide the stall (coordinated omission); here a late send counts against whoever was late.

    Attributes:
        start_s: on the machine's monotonic clock, which all processes share.
        rate: reviews per second.
        reviews: how many.
    """

    start_s: float
    rate: float
    reviews: int

    def intended(self, number: int) -> float:
        """When review `number` is to be sent, monotonic seconds."""
        return self.start_s + number / self.rate

    def due(self, now_s: float) -> int:
        """How many reviews should have been sent by now: those with `intended(number) <= now_s`."""
        due = max(0, floor((now_s - self.start_s) * self.rate) - 1)
        while self.intended(due) <= now_s:  # floating point decides the last one
            due += 1
        return min(due, self.reviews)

    @property
    def end_s(self) -> float:
        """When the last review is due, monotonic seconds."""
        return self.intended(self.reviews - 1)
