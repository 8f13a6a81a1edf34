"""Work at a steady rate."""

import time
from collections.abc import Callable


class Pace:
    """Waits so that steps come at a rate. Each has its time from the start on; a delay is caught up with.

    Args:
        rate: steps per second; None: as fast as they come.
        clock: seconds that never run backwards.
        sleep: waits for so many seconds.
    """

    def __init__(
        self,
        rate: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._started = clock()
        self._steps = 0

    def wait(self) -> None:
        """Return when the next step is due."""
        if self._rate is None:
            return
        due = self._started + self._steps / self._rate
        self._steps += 1
        if (ahead := due - self._clock()) > 0:
            self._sleep(ahead)
