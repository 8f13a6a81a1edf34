"""Workers under a supervisor: one that has ended, for whatever reason, is started again at once."""

import signal
import threading
import time
from collections import Counter, defaultdict
from contextlib import suppress
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self

import psutil

from tests.faults.artefacts import Timeline
from tests.stream import PATIENCE_S, Stream, WorkerProcess, wait_until

_LOOKED_AFTER_EVERY_S: Final = 0.1
_ENDED_WITHIN_S: Final = 30


class Fleet:
    """Members of one group; the first is spared from signals, so that its memory tells of the whole run.

    Args:
        flow: starts them.
        size: how many.
        timeline: is told of each start and end.
    """

    def __init__(self, flow: Stream, size: int, timeline: Timeline) -> None:
        self._flow, self._timeline = flow, timeline
        self.members = [flow.start_worker() for _ in range(size)]
        self.exit_codes: Counter[int] = Counter()
        self.longest_drain_s = 0.0
        self._memory_mb: defaultdict[int, list[int]] = defaultdict(list)
        self._stop = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)

    def __enter__(self) -> Self:
        self.wait_until_ready()
        self.sample_memory()
        self._supervisor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._supervisor.join()

    def wait_until_ready(self) -> None:
        """Until all members are ready: SIGTERM to one that still starts would tell nothing of its drain."""
        wait_until(
            lambda: all(member.get("/readyz")[0] == HTTPStatus.OK for member in self.members),
            2 * PATIENCE_S,  # three processes start at once
            self._flow.logs,
        )

    def sample_memory(self) -> None:
        """Note the resident memory of the first member."""
        pid = self.members[0].pid
        with suppress(psutil.NoSuchProcess):
            self._memory_mb[pid].append(round(psutil.Process(pid).memory_info().rss / 1e6))

    @property
    def memory_mb(self) -> list[int]:
        """The samples of the first member's longest life: it, too, ends when Kafka fails."""
        return max(self._memory_mb.values(), key=len)

    def end(self, member: WorkerProcess, number: signal.Signals) -> None:
        """Send the signal and wait until the process has ended; the supervisor replaces it."""
        began = time.monotonic()
        member.send(number)
        member.wait(_ENDED_WITHIN_S)
        if number == signal.SIGTERM:
            self.longest_drain_s = max(self.longest_drain_s, time.monotonic() - began)

    def drain(self) -> None:
        """End all orderly; none is replaced."""
        self._stop.set()
        self._supervisor.join()
        self.exit_codes.update(self._flow.terminate_workers())

    def _supervise(self) -> None:
        while not self._stop.wait(_LOOKED_AFTER_EVERY_S):
            for place, member in enumerate(self.members):
                if not member.is_running:
                    self._replace(place, member.wait())

    def _replace(self, place: int, code: int) -> None:
        self.exit_codes[code] += 1
        self.members[place] = self._flow.start_worker()
        self._timeline.note(
            "worker_ended", member=place, exit_code=code, next_log=self.members[place].log.name
        )
