"""Where a champion is exported to: a local folder, or an object store by its fsspec address."""

import os
from pathlib import Path
from typing import Final, Protocol

import fsspec

UNFINISHED: Final = ".*.new"
"""Names of what `LocalFolder` was killed over."""


class Target(Protocol):
    """Named files. A name may begin with one folder: `former/manifest.json`."""

    @property
    def address(self) -> str:
        """For messages, and to find it again."""

    def read(self, name: str) -> bytes | None:
        """The file's content, None when there is no such file."""

    def write(self, name: str, content: bytes) -> None:
        """Put the content into place as a whole: a reader finds what was there before, or all of it."""

    def delete(self, name: str) -> None:
        """Remove the file; nothing when it is not there."""

    def names(self) -> list[str]:
        """The files outside of any folder."""


class LocalFolder:
    """A folder of this machine. A file is replaced atomically, and is on disk when `write` returns.

    Args:
        folder: made when something is first written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def address(self) -> str:
        """The folder."""
        return str(self._folder)

    def read(self, name: str) -> bytes | None:
        """The file's content, None when there is no such file."""
        try:
            return (self._folder / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, name: str, content: bytes) -> None:
        """Replace the file by one that is already on disk.

        Raises:
            OSError: it cannot be written, as on a full disk; what was there stays, and nothing is left over.
        """
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.new")
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)  # noqa: PTH105 - atomic, and named so
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(path.parent)

    def delete(self, name: str) -> None:
        """Remove the file; nothing when it is not there."""
        (self._folder / name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """The files in the folder itself."""
        return sorted(path.name for path in self._folder.glob("*") if path.is_file())


def _sync_folder(folder: Path) -> None:
    """Bring the folder's names to disk, without which a crash may undo a replacement."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class ObjectStore:
    """A place behind an fsspec address. An object store puts an object as a whole or not at all.

    Args:
        address: such as s3://bucket/models/champion; credentials come from where its driver looks for them.
    """

    def __init__(self, address: str) -> None:
        self.address: Final = address.rstrip("/")
        self._files, self._root = fsspec.core.url_to_fs(self.address, use_listings_cache=False)

    def read(self, name: str) -> bytes | None:
        """The object's content, None when there is no such object."""
        try:
            content: bytes = self._files.cat_file(self._path(name))
        except FileNotFoundError:
            return None
        return content

    def write(self, name: str, content: bytes) -> None:
        """Put the object."""
        self._files.pipe_file(self._path(name), content)

    def delete(self, name: str) -> None:
        """Remove the object; nothing when it is not there."""
        try:
            self._files.rm_file(self._path(name))
        except FileNotFoundError:
            return

    def names(self) -> list[str]:
        """The objects below the address, without those in folders of their own."""
        try:
            found = self._files.ls(self._root, detail=True)
        except FileNotFoundError:
            return []
        return sorted(entry["name"].rpartition("/")[2] for entry in found if entry["type"] == "file")

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"


def target(address: str) -> Target:
    """What an address leads to: a path or a file:// address to a folder, any other scheme to an object store.

    Raises:
        ValueError: nothing is known of the scheme, or what reads it is not installed.
    """
    scheme, separator, path = address.partition("://")
    if not separator:
        return LocalFolder(Path(address))
    if scheme in {"file", "local"}:
        return LocalFolder(Path(path))
    try:
        return ObjectStore(address)
    except (ImportError, ValueError) as error:
        raise ValueError(f"{address}: {error}") from error
