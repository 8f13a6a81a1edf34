"""Log lines on their way out: who takes them slowly, or not at all, does not hold up who logs."""

import logging
import os
from contextlib import suppress
from queue import Full, Queue
from threading import RLock, Thread
from typing import Final, TextIO

import structlog

log = structlog.stdlib.get_logger(__name__)

MOST_LINES: Final = 2_000
LAST_LINES_S: Final = 1.0


class LineWriter(logging.Handler):
    """Writes log lines from a thread of its own.

    A pipe that nobody reads, or a full disk, stops that thread alone. At most `most_lines` wait for it. Lines
    beyond them, and lines that could not be written, are lost and counted, and the count is logged
    (`log_lines_lost`) as soon as there is room again.

    Args:
        stream: where the lines go.
        most_lines: that wait.
    """

    def __init__(self, stream: TextIO, most_lines: int = MOST_LINES) -> None:
        super().__init__()
        self._lines: Queue[str | None] = Queue(most_lines)
        self._lost = 0
        self._entrance = RLock()
        self._out = _Descriptor.of(stream) or stream
        Thread(target=self._run, name="log", daemon=True).start()

    def handle(self, record: logging.LogRecord) -> bool:
        """Emit it unless a filter stops it, and tell whether it was. Without the lock of handlers.

        `logging.shutdown` holds that lock while it waits for the thread, and the thread logs too.
        """
        passes = bool(self.filter(record))
        if passes:
            self.emit(record)
        return passes

    def emit(self, record: logging.LogRecord) -> None:
        """Hand the line to the thread."""
        try:
            line = self.format(record) + "\n"
        except Exception:  # noqa: BLE001 - a line that cannot be made stops nobody, as in logging's own handlers
            self.handleError(record)
            return
        with self._entrance:
            try:
                self._lines.put_nowait(line)
            except Full:
                self._lost += 1

    def flush(self) -> None:
        """Wait until the lines so far are written, at most LAST_LINES_S seconds: for the end of a process."""
        with self._lines.all_tasks_done:
            self._lines.all_tasks_done.wait_for(lambda: not self._lines.unfinished_tasks, LAST_LINES_S)

    def close(self) -> None:
        """Write what waits, and end the thread."""
        self.flush()
        with suppress(Full):  # then the thread is stuck, and ends with the process
            self._lines.put_nowait(None)
        super().close()

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            self._account(is_written=self._write(line))
            self._lines.task_done()

    def _write(self, line: str) -> bool:
        try:
            self._out.write(line)
        except (
            OSError,
            ValueError,
        ):  # no room on the disk, a reader that went away, a stream that was closed
            return False
        return True

    def _account(self, *, is_written: bool) -> None:
        with self._entrance:  # nobody takes the room that was seen
            if not is_written:
                self._lost += 1
            elif self._lost and not self._lines.full():
                lost, self._lost = self._lost, 0
                log.warning("log_lines_lost", suppressed=lost)


class _Descriptor:
    """A file by its number, past Python's buffers: a thread that is stuck in one would break the exit."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._is_torn = False

    @classmethod
    def of(cls, stream: TextIO) -> "_Descriptor | None":
        """The one under a stream; None when there is none."""
        try:
            return cls(stream.fileno())
        except (OSError, ValueError, AttributeError):
            return None

    def write(self, line: str) -> None:
        rest = ("\n" * self._is_torn + line).encode(errors="backslashreplace")
        while rest:
            rest = rest[os.write(self._number, rest) :]
            self._is_torn = bool(rest)
