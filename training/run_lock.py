"""One run at a time: a lock that ends with its process, and says who holds it."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

LOCK_FILE: Final = Path("models/.lock")
"""Whoever changes the champion from this working folder holds it."""


class LockHeldError(Exception):
    """Another run holds the lock. The message says which."""


@contextmanager
def held(path: Path, what: str) -> Iterator[None]:
    """Hold the lock while the block lasts; the kernel lets go of it when the process ends, however it ends.

    Args:
        path: of the lock's file, which stays.
        what: this run is, for whoever finds the lock held.

    Raises:
        LockHeldError: another run holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise LockHeldError(
                f"{path}: held by {file.read().strip()}; try again when it has ended"
            ) from error
        _sign(path, what)
        yield


def _sign(path: Path, what: str) -> None:
    began = datetime.now(UTC).replace(microsecond=0).isoformat()
    path.write_text(
        f"{what}, process {os.getpid()} on {socket.gethostname()}, since {began}\n", encoding="utf-8"
    )
