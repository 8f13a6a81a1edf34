"""Runs Java for a parent process and ends it when the parent asks or is gone, however the parent ended.

This file is run as a program, by its path, in a session of its own, and uses the standard library alone.
Its standard input is a pipe that only the parent holds: the end of it means stop. That also works when the
parent was killed with -9, and on systems where a child cannot ask the kernel to die with its parent.

Argument: JSON with `commands` (run one after the other; the last one runs on) and `remove` (a folder to
remove when the parent is gone, or null). Standard output: the process id of each command, a line each.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence

_LOOK_EVERY_S = 0.1
_GRACE_S = 10.0


def run(command: Sequence[str], told_to_stop: Callable[[], bool]) -> int:
    """Run the command until it ends or until told to stop; its exit status."""
    java = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)  # noqa: S603 - from the parent
    try:
        print(java.pid, flush=True)  # noqa: T201 - the parent reads it
        while java.poll() is None and not told_to_stop():
            pass
    finally:
        _end(java)
    return java.returncode


def _end(java: "subprocess.Popen[bytes]") -> None:
    if java.poll() is not None:
        return
    java.send_signal(signal.SIGCONT)  # a suspended process would not hear the next one
    java.terminate()
    try:
        java.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        java.kill()
        java.wait()


def main() -> int:
    """Run all commands; the last exit status."""
    order = json.loads(sys.argv[1])
    parent = os.getppid()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    def told_to_stop() -> bool:
        readable, _, _ = select.select([sys.stdin], [], [], _LOOK_EVERY_S)
        # A process that the parent forked may hold the pipe open, hence the look at the parent itself.
        return bool(readable) or os.getppid() != parent

    status = 0
    with contextlib.suppress(BrokenPipeError):
        for command in order["commands"]:
            status = run(command, told_to_stop)
            if status != 0:
                break
    if order["remove"] and told_to_stop():
        shutil.rmtree(order["remove"], ignore_errors=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
