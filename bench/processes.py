"""Processes of the benchmark: started, looked at, ended."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from bench.reviews import ROOT

_ENDS_WITHIN_S: Final = 15.0
_LOG_LINES: Final = 15


class WorkerEndedError(RuntimeError):
    """A process ended before its work was done; the message has the end of what it said."""


class Worker:
    """A process under measurement."""

    def __init__(self, process: subprocess.Popen[bytes], said: Path) -> None:
        self._process = process
        self._said = said
        self._usage = psutil.Process(process.pid)

    def raise_if_ended(self) -> None:
        """Raise if the process is no more.

        Raises:
            WorkerEndedError: it has ended.
        """
        if (code := self._process.poll()) is not None:
            tail = "\n".join(self._said.read_text(errors="replace").splitlines()[-_LOG_LINES:])
            raise WorkerEndedError(f"{self._process.args!r} ended with {code}:\n{tail}")

    def cpu_s(self) -> float:
        """CPU seconds of the process so far, all threads, user and system."""
        times = self._usage.cpu_times()
        return times.user + times.system

    def memory(self) -> int:
        """Resident memory in bytes (RSS)."""
        return self._usage.memory_info().rss

    def own_memory(self) -> int:
        """Resident memory in bytes, pages shared with other processes by shares (PSS; where unknown, RSS)."""
        try:
            return int(getattr(self._usage.memory_full_info(), "pss", self.memory()))
        except psutil.ZombieProcess:  # it has just ended: the next look says so
            return self.memory()


@contextmanager
def worker(command: Sequence[str], folder: Path, number: int = 0) -> Iterator[Worker]:
    """Runs a command until the block ends; what it says goes to a file of that number in `folder`.

    Its working directory is `folder`, so that no `.env` of the project is read.
    """
    said = folder / f"worker-{number}.log"
    with said.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - commands of the benchmark's own
            list(command), stdout=log, stderr=subprocess.STDOUT, cwd=folder, env=environment()
        )
    try:
        yield Worker(process, said)
    finally:
        end(process)


def environment() -> dict[str, str]:
    """The environment without the product's settings, with the project on the path of modules."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STREAM_")}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and SIGKILL when that is not heeded in time."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
