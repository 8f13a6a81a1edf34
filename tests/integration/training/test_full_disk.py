"""Layers on a disk that really is full."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.layers import bronze_part, clean_rows, review, silent
from training.bronze import read_parts
from training.clean import clean
from training.dataset import make_gold
from training.errors import DatasetError
from training.gold import Gold

SIZE = 3 * 2**20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes; mounting one takes root."""
    (disk := tmp_path / "disk").mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(disk)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"cannot mount a small disk: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill(disk: Path) -> None:
    """Take all of the room but a little."""
    room = os.statvfs(disk)
    (disk / "ballast").write_bytes(bytes(room.f_bavail * room.f_frsize - 16_384))


def files(disk: Path) -> set[str]:
    return {str(path.relative_to(disk)) for path in disk.rglob("*") if path.is_file()}


def test_each_layer_stays_as_it_was(small_disk: Path) -> None:
    bronze, silver, gold = (small_disk / name for name in ("bronze", "silver", "gold"))
    clean_rows(small_disk, map(review, range(300)))
    former = make_gold(silver, gold, 0, silent).manifest
    before = files(small_disk)
    fill(small_disk)
    noisy = [review(number, title=os.urandom(200).hex()) for number in range(2_000)]
    full = r"cannot be written: .*No space left on device"
    with pytest.raises(DatasetError, match=f"bronze.*{full}"):
        bronze_part(bronze, noisy)
    with pytest.raises(DatasetError, match=f"gold.*{full}"):
        make_gold(silver, gold, 1, silent)
    assert files(small_disk) == before | {"ballast"}
    assert Gold(gold).manifest == former

    (small_disk / "ballast").unlink()
    bronze_part(bronze, noisy)
    fill(small_disk)
    with pytest.raises(DatasetError, match=f"silver.*{full}"):
        clean(bronze, silver, silent)
    assert files(small_disk) == before | {"ballast"}
    assert read_parts(bronze)[0].note.rows == len(noisy)
