import errno
import os
from pathlib import Path
from typing import IO

import pytest

from training.destinations import LocalFolder, ObjectStore, Target, target


@pytest.fixture(params=["local", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    return LocalFolder(tmp_path / "a") if request.param == "local" else ObjectStore(f"memory://{tmp_path}/a")


def test_what_was_written_reads_back_until_it_is_deleted(place: Target) -> None:
    assert place.names() == []
    place.write("one", b"1")
    place.write("former/one", b"0")
    place.write("one", b"2")
    assert (place.read("one"), place.read("former/one")) == (b"2", b"0")
    assert place.names() == ["one"]
    for _ in range(2):
        place.delete("one")
    assert place.read("one") is None
    assert place.read("former/one") == b"0"


def test_a_full_disk_leaves_what_was_there_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = LocalFolder(tmp_path)
    place.write("one", b"before")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        place.write("one", b"after")
    assert [path.name for path in tmp_path.iterdir()] == ["one"]
    assert place.read("one") == b"before"


def test_content_is_on_disk_before_it_takes_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(file: int | IO[bytes]) -> None:
        real(file)
        synced.append("one" if (tmp_path / "one").exists() else "new")

    monkeypatch.setattr(os, "fsync", fsync)
    LocalFolder(tmp_path).write("one", b"1")
    assert synced == ["new", "one"]


@pytest.mark.parametrize("address", ["models/champion", "file://models/champion"])
def test_a_path_leads_to_a_folder(address: str) -> None:
    place = target(address)
    assert isinstance(place, LocalFolder)
    assert place.address == "models/champion"


def test_an_address_leads_to_an_object_store() -> None:
    assert target("memory://bucket/champion/").address == "memory://bucket/champion"


def test_an_unknown_scheme_is_named() -> None:
    with pytest.raises(ValueError, match=r"nowhere://x: .*nowhere"):
        target("nowhere://x")
