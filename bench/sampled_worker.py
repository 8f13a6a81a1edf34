"""The worker with a clock beside it: in which part it spends its CPU time. Written as JSON when it ends.

Every few milliseconds of CPU time a signal comes. The CPU time that each thread has taken since the last one
is put down to the place where the thread is. Unlike a profiler that is called at every function this costs
next to nothing, so the proportions stay; time in compiled code counts for its caller. A stage of the core is
known by the call that ends it, so that the core's own functions may be called what they like.
"""

import argparse
import json
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from bench.cpu_places import CORE, place_of
from stream_app.commands.worker import run_worker
from stream_app.core.pipeline import Stage
from stream_app.observation import StageClock
from stream_app.settings import load_settings

_EVERY_S = 0.004
_NATIVE = "threads without Python"


class Sampler:
    """Puts CPU time down to places, from the first slice on."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._threads_s: dict[int, float] = {}
        self._process_s = 0.0
        self._in_core_s = 0.0
        self._began = False
        self._looking = False

    def stage_ended(self, stage: Stage) -> None:
        """What was counted for the core since the last stage belongs to this one."""
        if not self._began:
            self._taken()
            self._began = True
        self.seconds[stage] += self._in_core_s
        self._in_core_s = 0.0

    def look(self, _signal: int, frame: FrameType | None) -> None:
        """Put down what was taken since the last look; a signal that comes during one is left out."""
        if not self._began or self._looking:
            return
        self._looking = True
        self._put_down(frame)
        self._looking = False

    def _put_down(self, frame: FrameType | None) -> None:
        own = threading.get_ident()
        frames = sys._current_frames()  # noqa: SLF001 - the documented way to see other threads
        for ident, seconds in self._taken().items():
            at = frame if ident == own else frames.get(ident)
            place = _NATIVE if ident == 0 else place_of(stack(at))
            if place == CORE:
                self._in_core_s += seconds
            else:
                self.seconds[place] += seconds

    def _taken(self) -> dict[int, float]:
        """CPU seconds of each thread since the last call; 0 stands for threads that Python does not know."""
        now = {thread.ident: cpu_s(thread.ident) for thread in threading.enumerate() if thread.ident}
        process_s = time.process_time()
        taken = {ident: since(self._threads_s.get(ident, 0.0), seconds) for ident, seconds in now.items()}
        taken[0] = max(0.0, process_s - self._process_s - sum(taken.values()))
        self._threads_s, self._process_s = now, process_s
        return taken


def since(before: float, now: float) -> float:
    """What a thread took; one with less than before is another thread, by the name of one that ended."""
    return now - before if now >= before else now


def cpu_s(ident: int) -> float:
    """CPU seconds of a thread so far."""
    return time.clock_gettime(time.pthread_getcpuclockid(ident))


def stack(frame: FrameType | None) -> Iterator[tuple[str, str]]:
    """File and function of each frame, the innermost first."""
    while frame is not None:
        yield frame.f_code.co_filename, frame.f_code.co_name
        frame = frame.f_back


def telling(
    sampler: Sampler, ended: Callable[[StageClock, Stage], None]
) -> Callable[[StageClock, Stage], None]:
    """The worker's own stopwatch, which tells the sampler as well."""

    def told(clock: StageClock, stage: Stage) -> None:
        ended(clock, stage)
        sampler.stage_ended(stage)

    return told


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=Path, required=True, help="where the seconds by place go")
    for name in ("bootstrap-servers", "input-topic", "result-topic", "dlq-topic", "group-id", "http-port"):
        parser.add_argument(f"--{name}", required=True)
    options = vars(parser.parse_args())
    samples = options.pop("samples")
    sampler = Sampler()
    StageClock.ended = telling(sampler, StageClock.ended)  # type: ignore[method-assign, assignment] # for this process alone
    signal.signal(signal.SIGPROF, sampler.look)
    signal.setitimer(signal.ITIMER_PROF, _EVERY_S, _EVERY_S)
    run_worker(load_settings(**options))
    signal.setitimer(signal.ITIMER_PROF, 0)
    samples.write_text(json.dumps(sampler.seconds))


if __name__ == "__main__":
    main()
