"""Faults of the worker process."""

import time
from typing import Final

from tests.faults.scenario import Outcome, Scenario, Stage
from tests.faults.trial import REPEATS, trial


def _kill_9(stage: Stage) -> Outcome:
    with trial(stage) as run:
        (first,) = run.start_workers(1)
        run.feed()
        first.kill()
        ended_at = time.time()
        run.start_worker()
        return run.outcome(ended_at)


SCENARIOS: Final = (
    Scenario(
        "worker_kill_9",
        "Worker",
        "kill -9; another worker starts at once",
        "For a session (here 6 s) the group waits; then the new worker reads on from the last commit.",
        _kill_9,
        repeats=REPEATS,
    ),
)
