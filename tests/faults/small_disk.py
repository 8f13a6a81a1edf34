"""A disk that can be filled: a file system in memory, which root may mount on Linux."""

import errno
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.faults.scenario import NotHere

_SIZE: Final = "256m"
_BLOCK: Final = bytes(65_536)


class SmallDisk:
    """A file system of its own, with `folder` as its root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Take all the room there is."""
        with self._filler.open("wb", buffering=0) as file:
            try:
                while file.write(_BLOCK):
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def free(self) -> None:
        """Give the room back."""
        self._filler.unlink()


@contextmanager
def small_disk(parent: Path) -> Iterator[SmallDisk]:
    """A disk that is gone after the block.

    Raises:
        NotHere: no file system can be mounted.
    """
    folder = parent / "small-disk"
    folder.mkdir()
    command = shutil.which("mount")
    if command is None:
        raise NotHere("no command mount")
    mounted = subprocess.run(
        [command, "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        raise NotHere(f"a file system cannot be mounted: {mounted.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
