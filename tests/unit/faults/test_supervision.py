"""The supervisor, with processes that are cheaper than workers."""

import sys
from pathlib import Path

import pytest

from tests.faults.supervision import Supervisor
from tests.stream import WorkerProcess, wait_until


class Program:
    """Starts Python processes that are ready at once and end with the given codes, one after the other."""

    def __init__(self, folder: Path, *codes: int) -> None:
        self._folder = folder
        self._codes = iter(codes)
        self.started: list[WorkerProcess] = []

    def start(self) -> WorkerProcess:
        code = next(self._codes, None)
        what = "import time; time.sleep(600)" if code is None else f"raise SystemExit({code})"
        self.started.append(ReadyProcess({}, self._folder, f"worker-{len(self.started)}", ("-c", what)))
        return self.started[-1]


class ReadyProcess(WorkerProcess):
    def wait_until_ready(self, within_s: float = 60) -> None:
        """It has no health server."""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, 75, 70)


def end(program: Program) -> None:
    for worker in program.started:
        worker.kill()


def test_the_next_worker_is_started_when_one_has_ended(program: Program) -> None:
    supervisor = Supervisor(program.start)
    supervisor.wait_until(lambda: supervisor.exit_codes == [75, 70])
    assert supervisor.workers == program.started
    assert supervisor.worker.is_running
    assert supervisor.told() == "2 restarted, exit code 70, 75"
    end(program)


def test_a_worker_that_runs_is_left_alone(tmp_path: Path) -> None:
    program = Program(tmp_path)
    supervisor = Supervisor(program.start)
    supervisor.watch(0.3)
    assert len(program.started) == 1
    assert supervisor.told() == "the worker went on"
    end(program)


def test_who_waits_in_vain_is_told_what_the_workers_logged(tmp_path: Path) -> None:
    program = Program(tmp_path)
    supervisor = Supervisor(program.start)
    supervisor.worker.log.write_text("something went wrong")
    with pytest.raises(AssertionError, match="something went wrong"):
        supervisor.wait_until(lambda: False, within_s=0.1)
    end(program)


def test_a_worker_that_has_ended_is_replaced_when_it_is_tended(program: Program) -> None:
    supervisor = Supervisor(program.start)
    wait_until(lambda: not program.started[0].is_running, 30, lambda: sys.executable)
    supervisor.tend()
    assert len(program.started) == 2
    end(program)
