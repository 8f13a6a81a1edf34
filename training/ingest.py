"""A source's rows into bronze: as they came, each with its place and why it is no JSON object, if so."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from training.bronze import LABELLED_PREFIX, NOTE, Part, PartNote, read_note
from training.errors import DatasetError
from training.fields import OF_REVIEWS, OF_SENTENCES, check_fields
from training.layer_files import layer_writer, staged_file
from training.layer_schemas import BRONZE
from training.sources.source import Received, Source

_BATCH_ROWS: Final = 8_192
_TOLD_EVERY: Final = 20 * _BATCH_ROWS


class _Seen:
    """What the rows of a source showed so far."""

    def __init__(self) -> None:
        self.rows = 0
        self.fields: set[str] = set()
        self.first_problem: str | None = None
        self.sha256 = hashlib.sha256()

    def add(self, row: Received, problem: str | None) -> None:
        self.rows += 1
        if problem and not self.first_problem:
            self.first_problem = f"{row.place}: {problem}"
        value = row.value or b""
        self.sha256.update(len(value).to_bytes(8, "big") + value)


def ingest(
    source: Source,
    bronze: Path,
    field_map: Mapping[str, str],
    announce: Callable[[str], None],
    source_sha256: str | None = None,
) -> Part:
    """Write a source as its part of a bronze folder; a former part of the same address is replaced.

    Args:
        source: what to read.
        bronze: folder of the data set's parts.
        field_map: what the rows call our fields.
        announce: told how far it is.
        source_sha256: stands in the part's note, for who wants to know later whether it is current.

    Raises:
        DatasetError: no row, no row with the fields that must be there, the source cannot be read to its
            end, another source has the part's name, or the disk is full. Bronze is as it was before.
    """
    path = bronze / f"{source.name}.parquet"
    _check_name(path, source)
    began, seen = datetime.now(UTC), _Seen()
    with staged_file(path) as staged, layer_writer(staged, BRONZE) as writer:
        for rows in _batches(source.rows):
            writer.write([_cells(source.address, began, row, seen) for row in rows])
            if seen.rows % _TOLD_EVERY == 0:
                announce(f"{source.address}: {seen.rows:,} rows")
        _check(source, seen, field_map)
        note = PartNote(
            source.address, began, dict(field_map), seen.rows, seen.sha256.hexdigest(), source_sha256
        )
        writer.notes = {NOTE: msgspec.json.encode(note).decode()}
    announce(f"{source.address}: {seen.rows:,} rows received")
    return Part(path, note)


def _check_name(path: Path, source: Source) -> None:
    """Sources of one name would overwrite each other."""
    if path.exists() and (there := read_note(path).address) != source.address:
        raise DatasetError(
            f"{path} holds what came from {there}, not from {source.address}: expected another --name, or "
            "that the file is removed"
        )


def _batches(rows: Iterator[Received]) -> Iterator[list[Received]]:
    while batch := list(islice(rows, _BATCH_ROWS)):
        yield batch


def _cells(address: str, began: datetime, row: Received, seen: _Seen) -> tuple[object, ...]:
    problem = row.problem or _problem(row.value or b"", seen.fields)
    seen.add(row, problem)
    return address, row.place, began, row.value, problem


def _problem(value: bytes, fields: set[str]) -> str | None:
    """Why the bytes are not a JSON object. The fields of one that is are added to those seen."""
    try:
        value.decode()
        fields.update(_object.decode(value))
    except UnicodeDecodeError as error:
        return f"byte {error.start} is not UTF-8"
    except (msgspec.DecodeError, RecursionError) as error:
        return f"not a JSON object: {error}"
    return None


def _check(source: Source, seen: _Seen, field_map: Mapping[str, str]) -> None:
    if not seen.rows:
        raise DatasetError(f"{source.address}: empty, expected at least one row")
    if not seen.fields:
        raise DatasetError(
            f"{source.address}: no row is a JSON object; {seen.first_problem or 'all are empty'}"
        )
    labelled = source.name.startswith(LABELLED_PREFIX)
    check_fields(source.address, seen.fields, OF_SENTENCES if labelled else OF_REVIEWS, field_map)


_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
