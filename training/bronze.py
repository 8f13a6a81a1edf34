"""The bronze layer: rows as received. Each source is a part of its own, a Parquet file with a note."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from training.errors import DatasetError
from training.layer_files import opened_parquet, read_frames

NOTE: Final = "bronze"  # the key in the Parquet file's metadata
LABELLED_PREFIX: Final = "sentences_"
_BATCH_ROWS: Final = 8_192


class PartNote(Struct, frozen=True):
    """What a part says of itself.

    Attributes:
        address: where its rows came from, without passwords.
        ingested_at: when.
        field_map: what its rows call our fields.
        rows: their number.
        sha256: of the rows received.
        source_sha256: of the file here that it was read from and of the code that read it, else None.
    """

    address: str
    ingested_at: datetime
    field_map: Mapping[str, str]
    rows: int
    sha256: str
    source_sha256: str | None = None


class Row(NamedTuple):
    """A row of a part: where it stood, its bytes, and why there is no JSON object in them."""

    place: str
    received: bytes | None
    problem: str | None


class Part(NamedTuple):
    """A part of bronze."""

    path: Path
    note: PartNote

    @property
    def name(self) -> str:
        """The name of its source."""
        return self.path.stem

    @property
    def is_labelled(self) -> bool:
        """Whether it holds sentences with labels of people, not reviews."""
        return self.name.startswith(LABELLED_PREFIX)

    def rows(self) -> Iterator[list[Row]]:
        """Its rows in order, some thousand at once.

        Raises:
            DatasetError: the file is damaged.
        """
        for frame in read_frames(self.path, ["place", "received", "problem"], _BATCH_ROWS):
            problems = frame["problem"].astype(object).where(frame["problem"].notna(), None)
            yield [Row(*cells) for cells in zip(frame["place"], frame["received"], problems, strict=True)]


def read_parts(folder: Path) -> list[Part]:
    """The parts of a bronze folder, by name.

    Raises:
        DatasetError: there is none, or a file that is damaged or no part.
    """
    parts = [Part(path, read_note(path)) for path in sorted(folder.glob("*.parquet"))]
    if not parts:
        raise DatasetError(f"{folder}: no part of bronze, expected what `stream-train ingest` writes")
    return parts


def read_note(path: Path) -> PartNote:
    """The note of a part.

    Raises:
        DatasetError: the file is missing, damaged, or no part.
    """
    with opened_parquet(path) as file:
        note = (file.metadata.metadata or {}).get(NOTE.encode())
    if note is None:
        raise DatasetError(f"{path}: not a part of bronze, expected what `stream-train ingest` writes")
    return msgspec.json.decode(note, type=PartNote)


def is_bronze(folder: Path) -> bool:
    """Whether `stream-train ingest` wrote this folder, so that nothing in it is to be ingested."""
    paths = list(folder.glob("*.parquet"))
    return bool(paths) and all(_is_part(path) for path in paths)


def _is_part(path: Path) -> bool:
    try:
        read_note(path)
    except DatasetError:
        return False
    return True
