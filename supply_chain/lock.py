"""The locked packages of the product."""

import re
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parent.parent
LOCK: Final = ROOT / "requirements.lock"
_PIN: Final = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", re.MULTILINE)


class Pin(NamedTuple):
    """One package at one version."""

    name: str
    version: str


def pins(lock: Path = LOCK) -> list[Pin]:
    """What is locked, for every platform, in the order of the file.

    Raises:
        OSError: the file cannot be read.
    """
    return [Pin(*found) for found in _PIN.findall(lock.read_text())]
