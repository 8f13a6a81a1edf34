"""Faults of the machine that a worker runs on: clock, memory, disk, descriptors, who reads its log."""

import fcntl
import json
import os
import resource
import shutil
import signal
import socket
import struct
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from stream_app.bundled import bundled
from tests.faults.scenario import NotHere, Outcome, Scenario, Stage
from tests.faults.supervision import Supervisor
from tests.faults.trial import REPEATS, SESSION_S, Trial, trial
from tests.stream import WorkerProcess, wait_until

_HOUR_S: Final = 3_600
_WORKER: Final = "os.execv(sys.executable, [sys.executable, '-m', 'stream_app', 'worker'])"
# A pipe of one page for both outputs, whose other end the worker itself holds and never reads.
_UNREAD: Final = """
import fcntl, os, sys
read_end, write_end = os.pipe()
fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
os.set_inheritable(read_end, True)
for output in (1, 2):
    os.dup2(write_end, output)
"""
_FULL_DISK: Final = """
import os, sys
for output in (1, 2):
    os.dup2(os.open("/dev/full", os.O_WRONLY), output)
"""


def _start(run: Trial, preparation: str = "\nimport os, sys\n", **settings: str) -> WorkerProcess:
    """A worker that is ready, in a process that was prepared by a piece of Python."""
    program = ("-c", preparation + _WORKER)
    worker = run.flow.start_worker(program=program, session_timeout_s=str(SESSION_S), **settings)
    worker.wait_until_ready(within_s=180)
    return worker


def _assert_alive(worker: WorkerProcess) -> None:
    status, reasons = worker.get("/livez")
    assert status == 200, f"/livez: {status} {reasons}"


def _clock_jumps(stage: Stage) -> Outcome:
    clock = stage.folder / "clock"
    _set_clock(clock, 0)
    with trial(stage) as run:
        worker = _start(run, _environment(_fake_clock(clock)))
        run.feed(per_s=500)
        for jump_s in (_HOUR_S, -_HOUR_S):
            _set_clock(clock, jump_s)
            wait_until(partial(_has_jumped, worker, jump_s), 20, worker.text)
            time.sleep(2)
            _assert_alive(worker)
        return run.outcome()


def _environment(variables: Mapping[str, str]) -> str:
    return f"\nimport os, sys\nos.environ.update({dict(variables)!r})\n"


def _fake_clock(file: Path) -> dict[str, str]:
    """The variables that make a process take its wall clock's offset from a file; monotonic time goes on."""
    found = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
    if found is None:
        raise NotHere("no libfaketime: install Debian's package libfaketime")
    return {
        "LD_PRELOAD": str(found),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


def _set_clock(file: Path, offset_s: int) -> None:
    new = file.with_suffix(".new")
    new.write_text(f"{offset_s:+d}\n")
    new.replace(file)


def _has_jumped(worker: WorkerProcess, jump_s: int) -> bool:
    """Whether the last line of the worker's log has a time that is off by about so much."""
    lines = [line for line in worker.text().splitlines() if line.startswith("{") and line.endswith("}")]
    told = datetime.fromisoformat(json.loads(lines[-1])["timestamp"])
    return abs((told - datetime.now(UTC)).total_seconds() - jump_s) < _HOUR_S / 2


def _log_is_not_read(stage: Stage) -> Outcome:
    with trial(stage) as run:
        worker = _start(run, _UNREAD)
        run.feed()
        wait_until(lambda: _waits_in_pipe(worker) > 3_500, 30, lambda: "the log does not fill the pipe")
        _assert_alive(worker)
        return run.outcome()


def _waits_in_pipe(worker: WorkerProcess) -> int:
    """Bytes in the pipe that is the worker's standard error, asked at its other end."""
    folder = Path(f"/proc/{worker.pid}/fd")
    pipe = (folder / "2").readlink()
    other = next(end for end in folder.iterdir() if int(end.name) > 2 and end.readlink() == pipe)
    descriptor = os.open(other, os.O_RDONLY | os.O_NONBLOCK)
    try:
        answer = fcntl.ioctl(descriptor, termios.FIONREAD, b"\0" * 4)
    finally:
        os.close(descriptor)
    return int(struct.unpack("i", answer)[0])


def _log_disk_is_full(stage: Stage) -> Outcome:
    if not Path("/dev/full").exists():
        raise NotHere("no /dev/full")
    with trial(stage) as run:
        worker = _start(run, _FULL_DISK)
        run.feed()
        _assert_alive(worker)
        return run.outcome()


def _memory_runs_out(stage: Stage) -> Outcome:
    with trial(stage, count=10_000) as run:
        worker = _start(run)
        resource.prlimit(worker.pid, resource.RLIMIT_AS, (_address_space(worker), resource.RLIM_INFINITY))
        return _reload_and_feed(run, worker)


def _address_space(worker: WorkerProcess) -> int:
    """Bytes that the process has now."""
    pages = Path(f"/proc/{worker.pid}/statm").read_text().split()[0]
    return int(pages) * resource.getpagesize()


def _reload_and_feed(run: Trial, worker: WorkerProcess) -> Outcome:
    """The outcome when the worker is replaced, as by a supervisor, once it has ended or is not live."""
    run.feed(per_s=5_000, until=0)
    worker.send(signal.SIGHUP)
    deadline = time.monotonic() + 20
    while worker.is_running and time.monotonic() < deadline and not run.has_put_out(run.count):
        time.sleep(0.5)
    if not run.has_put_out(run.count):
        return _replace(run, worker)
    wait_until(lambda: "model_refused" in worker.events(), 60, worker.text)
    return run.outcome(note="it went on")


def _replace(run: Trial, worker: WorkerProcess) -> Outcome:
    wait_until(lambda: not worker.is_running or worker.get("/livez")[0] != 200, 90, worker.text)
    is_stuck = worker.is_running
    if is_stuck:
        worker.kill()
    note = "/livez failed or did not answer" if is_stuck else f"it ended with exit code {worker.wait()}"
    ended_at = time.time()
    run.start_worker()
    return run.outcome(ended_at, note)


def _descriptors_run_out(stage: Stage) -> Outcome:
    with trial(stage) as run:
        supervisor = Supervisor(run.start_worker)
        worker = supervisor.worker
        run.feed()
        soft, hard = resource.prlimit(worker.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, (3, hard))
        run.broker.terminate()
        run.broker.start()
        supervisor.watch(5)
        supervisor.wait_until(lambda: "lag_unreadable" in worker.events() or not worker.is_running, 30)
        if worker.is_running:
            resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, (soft, hard))
        return run.outcome(time.time(), tend=supervisor.tend)._replace(note=supervisor.told())


def _model_is_broken(stage: Stage) -> Outcome:
    model = stage.folder / "model"
    shutil.copytree(bundled("champion"), model)
    artifact = next(model.glob("*.joblib"))
    whole = artifact.read_bytes()
    with trial(stage) as run:
        worker = _start(run, model_path=str(model))
        run.feed()
        artifact.write_bytes(whole[: len(whole) // 2])
        _reload(worker, "model_refused")
        refused = run.flow.start_worker(model_path=str(model))
        assert (refused.wait(within_s=120), str(artifact) in refused.text()) == (78, True), refused.text()
        artifact.write_bytes(whole)
        _reload(worker, "model_loaded")
        return run.outcome()


def _reload(worker: WorkerProcess, expected: str) -> None:
    """SIGHUP, and wait for one more of this event."""
    told = worker.events().count(expected)
    worker.send(signal.SIGHUP)
    wait_until(lambda: worker.events().count(expected) > told, 40, worker.text)


def _slow_scrapes(stage: Stage) -> Outcome:
    with trial(stage) as run:
        worker = _start(run)
        with _slow_clients(worker.port, 300):
            run.feed()
            for _ in range(10):
                _assert_alive(worker)
                time.sleep(0.2)
            assert _threads(worker) < 150
        return run.outcome()


@contextmanager
def _slow_clients(port: int, count: int) -> Iterator[None]:
    """Clients of /metrics: a half of them never ends its request, the other never reads the answer."""
    with ExitStack() as clients:
        for number in range(count):
            client = clients.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            client.sendall(b"GET /metrics HTTP/1.1\r\n" + b"Host: x\r\n\r\n" * (number % 2))
        yield


def _threads(worker: WorkerProcess) -> int:
    return len(list(Path(f"/proc/{worker.pid}/task").iterdir()))


SCENARIOS: Final = (
    Scenario(
        "clock_jumps",
        "Machine",
        "The worker's wall clock jumps an hour ahead, then an hour behind",
        "Timestamps in the log and latencies are off by the jump; results do not depend on the clock.",
        _clock_jumps,
    ),
    Scenario(
        "log_is_not_read",
        "Machine",
        "stdout and stderr are one pipe of 4 KiB that nobody reads",
        "The stream goes on, /livez is 200. 2,000 lines wait; those beyond are counted in `log_lines_lost`.",
        _log_is_not_read,
    ),
    Scenario(
        "log_disk_is_full",
        "Machine",
        "stdout and stderr are on a disk without room",
        "The stream goes on. Once there is room, `log_lines_lost` tells how many lines are missing.",
        _log_disk_is_full,
    ),
    Scenario(
        "memory_runs_out",
        "Machine",
        "The address space of a running worker is limited to what it has; then 5,000 reviews/s, and SIGHUP",
        "`model_refused`: a second model finds no room. The stream goes on as long as it needs no more; else "
        "the worker ends, or /livez fails, and the next one reads on. No record is dead-lettered for it.",
        _memory_runs_out,
        repeats=REPEATS,
    ),
    Scenario(
        "descriptors_run_out",
        "Machine",
        "No more file descriptors, and then a restart of the broker; the limit is lifted after some seconds",
        "`lag_unreadable`; no connection can be made until the limit is lifted, then the worker goes on. "
        "In exactly-once, thrown out of its group meanwhile, it ends with exit code 75 and is replaced.",
        _descriptors_run_out,
        repeats=REPEATS,
    ),
    Scenario(
        "model_is_broken",
        "Machine",
        "The model's file is cut off under a running worker, then SIGHUP; later it is whole again, SIGHUP",
        "`model_refused` names the file, the former model goes on; a new worker ends with exit code 78. "
        "Then `model_loaded`.",
        _model_is_broken,
    ),
    Scenario(
        "slow_scrapes",
        "Machine",
        "300 clients of /metrics at once that do not end their request or do not read the answer",
        "/livez answers. Beyond 64 connections the oldest is closed.",
        _slow_scrapes,
    ),
)
