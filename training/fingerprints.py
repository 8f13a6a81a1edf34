"""Fingerprints of files and of the code that makes a layer, which is made anew when either changes."""

import hashlib
import importlib.util
from collections.abc import Iterable
from pathlib import Path


def file_sha256(path: Path) -> str:
    """The sha256 of a file's bytes."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def code_sha256(modules: Iterable[str]) -> str:
    """The sha256 of the source of modules, by their full names: a rule that changes makes its layer anew."""
    return combined(_source(name) for name in modules)


def _source(module: str) -> str:
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"no module {module}")
    return Path(found.origin).read_text(encoding="utf-8")


def combined(parts: Iterable[str]) -> str:
    """The sha256 of strings in order, each told apart from the next."""
    content = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        content.update(len(encoded).to_bytes(8, "big") + encoded)
    return content.hexdigest()


class Multiset:
    """A fingerprint of rows, whatever their order: the sum of their sha256, in constant memory."""

    def __init__(self) -> None:
        self._sum = 0

    def add(self, row: bytes) -> None:
        """Count a row in."""
        self._sum += int.from_bytes(hashlib.sha256(row).digest(), "big")

    def hexdigest(self) -> str:
        """64 hex digits."""
        return (self._sum % 2**256).to_bytes(32, "big").hex()
