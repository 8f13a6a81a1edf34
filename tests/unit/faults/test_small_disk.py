"""A disk that can be filled."""

import errno
from pathlib import Path

import pytest

from tests.faults.scenario import NotHere
from tests.faults.small_disk import SmallDisk, small_disk


def write(disk: SmallDisk) -> None:
    (disk.folder / "something").write_bytes(bytes(4_096))


def test_a_full_disk_takes_nothing_until_it_is_freed(tmp_path: Path) -> None:
    try:
        with small_disk(tmp_path) as disk:
            write(disk)
            disk.fill()
            (disk.folder / "something").unlink()
            write(disk)
            with pytest.raises(OSError, match="No space left") as refused:
                (disk.folder / "more").write_bytes(bytes(4_096))
            assert refused.value.errno == errno.ENOSPC
            disk.free()
            (disk.folder / "more").write_bytes(bytes(4_096))
    except NotHere as reason:
        pytest.skip(str(reason))
    assert list((tmp_path / "small-disk").iterdir()) == []
