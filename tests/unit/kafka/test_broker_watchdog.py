import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from stream_app.kafka import broker_watchdog

SLEEPER = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"]
ORDERLY = """
import pathlib, signal, sys, time
def finish(*_):
    time.sleep(0.3)
    pathlib.Path(sys.argv[1]).write_text("done")
    sys.exit()
signal.signal(signal.SIGTERM, finish)
pathlib.Path(sys.argv[1]).write_text("ready")
time.sleep(600)
"""
# Starts the watchdog as a broker's owner does, and waits; with `fork` another child holds the pipe open too.
PARENT = """
import os, subprocess, sys, time
watchdog = subprocess.Popen(
    [sys.executable, "-I", sys.argv[1], sys.argv[2]], stdin=subprocess.PIPE, start_new_session=True
)
if sys.argv[3] == "fork" and os.fork() == 0:
    time.sleep(5)
    os._exit(0)
time.sleep(600)
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def _start(commands: Sequence[Sequence[str]], remove: Path | None = None) -> "subprocess.Popen[str]":
        order = json.dumps({"commands": commands, "remove": remove and str(remove)})
        command = [sys.executable, "-I", broker_watchdog.__file__, order]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield _start
    for watchdog in started:
        watchdog.communicate(timeout=30)


def pid_of(watchdog: "subprocess.Popen[str]") -> int:
    assert watchdog.stdout
    return int(watchdog.stdout.readline())


def is_gone(pid: int, within_s: float = 20) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def test_the_end_of_the_pipe_ends_the_program_and_removes_the_folder(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    watchdog = start([SLEEPER], folder)
    pid = pid_of(watchdog)
    watchdog.communicate(timeout=30)
    assert not psutil.pid_exists(pid)
    assert not folder.exists()


@pytest.mark.parametrize("suspended", [False, True])
def test_the_program_may_finish_what_it_has_to(start: Start, tmp_path: Path, suspended: bool) -> None:
    last_act = tmp_path / "last_act"
    watchdog = start([[sys.executable, "-I", "-S", "-c", ORDERLY, str(last_act)]])
    pid = pid_of(watchdog)
    deadline = time.monotonic() + 20
    while not last_act.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    if suspended:
        os.kill(pid, signal.SIGSTOP)
    watchdog.communicate(timeout=30)
    assert last_act.read_text() == "done"


def test_when_the_program_ends_by_itself_its_folder_stays(start: Start, tmp_path: Path) -> None:
    watchdog = start([[sys.executable, "-c", "raise SystemExit(3)"]], tmp_path)
    assert watchdog.wait(30) == 3
    assert tmp_path.exists()


def test_programs_run_one_after_the_other(start: Start, tmp_path: Path) -> None:
    append = [
        sys.executable,
        "-c",
        f"import os; open({str(tmp_path / 'log')!r}, 'a').write(f'{{os.getpid()}} ')",
    ]
    watchdog = start([append, append])
    printed, _ = watchdog.communicate(timeout=30) if watchdog.wait(30) == 0 else ("", "")
    assert (tmp_path / "log").read_text().split() == printed.split()
    assert len(printed.split()) == 2


def test_after_a_program_that_fails_none_follows(start: Start) -> None:
    watchdog = start([[sys.executable, "-c", "raise SystemExit(4)"], SLEEPER])
    assert watchdog.wait(30) == 4


def test_a_watchdog_that_is_told_to_end_takes_the_program_along(start: Start) -> None:
    watchdog = start([SLEEPER])
    pid = pid_of(watchdog)
    watchdog.terminate()
    watchdog.wait(30)
    assert not psutil.pid_exists(pid)


@pytest.mark.parametrize("holder", ["alone", "fork"])
def test_the_program_ends_when_the_parent_is_killed(tmp_path: Path, holder: str) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    order = json.dumps({"commands": [SLEEPER], "remove": str(folder)})
    command = [sys.executable, "-c", PARENT, broker_watchdog.__file__, order, holder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        pid = pid_of(parent)
        parent.kill()
        assert is_gone(pid, within_s=3)
        # Its folder goes after it.
        deadline = time.monotonic() + 10
        while folder.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not folder.exists()
