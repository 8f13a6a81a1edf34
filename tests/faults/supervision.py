"""One worker at a time, and the next one when it has ended, as systemd or Kubernetes would have it."""

import time
from collections.abc import Callable

from tests.stream import PATIENCE_S, WorkerProcess, wait_until


class Supervisor:
    """Starts the next worker when the latest has ended, whatever its exit code.

    It acts when it is asked (`tend`) and while it waits, so that it needs no thread.

    Args:
        start: starts a worker; the first is ready when this object is made.
    """

    def __init__(self, start: Callable[[], WorkerProcess]) -> None:
        self._start = start
        self.exit_codes: list[int] = []
        self.workers = [start()]
        self.worker.wait_until_ready()

    @property
    def worker(self) -> WorkerProcess:
        """The latest."""
        return self.workers[-1]

    def tend(self) -> None:
        """Start the next worker if the latest has ended."""
        if not self.worker.is_running:
            self.exit_codes.append(self.worker.wait())
            self.workers.append(self._start())

    def wait_until(self, condition: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
        """Wait for it, with a worker there all the while."""

        def holds() -> bool:
            self.tend()
            return condition()

        wait_until(holds, within_s, self.log)

    def watch(self, seconds: float) -> None:
        """Let so much time go by, with a worker there all the while."""
        end = time.monotonic() + seconds
        self.wait_until(lambda: time.monotonic() >= end, seconds + PATIENCE_S)

    def log(self) -> str:
        """What all of them logged."""
        return "\n".join(worker.text() for worker in self.workers)

    def told(self) -> str:
        """What became of the workers, in words."""
        codes = self.exit_codes
        if not codes:
            return "the worker went on"
        different = ", ".join(map(str, sorted(set(codes))))
        return f"{len(codes)} restarted, exit code {different}"
