"""Formats of files, read as the bytes of one JSON object after the other."""

import codecs
import csv
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any, Final, NamedTuple

import msgspec

_BATCH_ROWS = 1_000
_MAX_CELL_CHARS = 2**31 - 1


class Line(NamedTuple):
    """A JSON object that stood in a line, or was made of a row."""

    number: int
    value: bytes


class BadLine(NamedTuple):
    """What is none, and why."""

    number: int
    message: str


Lines = Iterator[Line | BadLine]


def json_lines(stream: IO[bytes]) -> Lines:
    """The lines as they are, without their ends; blank ones are left out."""
    for number, line in enumerate(stream, start=1):
        value = line.rstrip(b"\r\n")
        if number == 1:
            value = value.removeprefix(codecs.BOM_UTF8)
        if value.strip():
            yield Line(number, value)


def csv_lines(stream: IO[bytes]) -> Lines:
    """The rows under a header. Empty cells are left out, and `rating` becomes a number when it is one."""
    csv.field_size_limit(_MAX_CELL_CHARS)
    # What is not UTF-8 becomes lone surrogates here, which the encoder then refuses, row by row.
    text = codecs.iterdecode(stream, "utf-8-sig", errors="surrogateescape")
    rows = csv.reader(text, strict=True)
    header: list[str] = []
    while True:
        number = rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield BadLine(number, f"not CSV: {error}")
            continue
        if row and header:
            yield _csv_line(number, header, row)
        header = header or row


def _csv_line(number: int, header: Sequence[str], row: Sequence[str]) -> Line | BadLine:
    if len(row) != len(header):
        return BadLine(number, f"{len(row)} cells, expected {len(header)} as in the header")
    fields: dict[str, Any] = {name: cell for name, cell in zip(header, row, strict=True) if cell}
    if "rating" in fields:
        fields["rating"] = _number(fields["rating"])
    return _encoded(number, fields)


def _number(cell: str) -> int | float | str:
    """The number in the cell, or the cell itself: what is wrong with it, its dead letter says."""
    try:
        return msgspec.json.decode(cell, type=int | float)
    except msgspec.DecodeError:
        return cell


def parquet_lines(stream: IO[bytes]) -> Lines:
    """The rows, numbered from 1. Empty cells are left out."""
    from pyarrow import ArrowException, parquet  # noqa: PLC0415 - it belongs to an extra

    number = 0
    try:
        for batch in parquet.ParquetFile(stream).iter_batches(_BATCH_ROWS):
            for row in batch.to_pylist():
                number += 1
                yield _encoded(number, {name: cell for name, cell in row.items() if not _is_empty(cell)})
    except (ArrowException, OSError) as error:
        yield BadLine(number + 1, f"not Parquet, nothing can be read from here on: {error}")


def _is_empty(cell: object) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _encoded(number: int, fields: Mapping[str, Any]) -> Line | BadLine:
    try:
        return Line(number, msgspec.json.encode(fields, enc_hook=str))
    except UnicodeEncodeError:
        return BadLine(number, "not UTF-8")


FORMATS: Final[Mapping[str, Callable[[IO[bytes]], Lines]]] = {
    ".jsonl": json_lines,
    ".ndjson": json_lines,
    ".json": json_lines,
    ".csv": csv_lines,
    ".parquet": parquet_lines,
}
"""What reads a file, by the ending of its name."""
