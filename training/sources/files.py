"""Files of reviews: JSON lines, CSV or Parquet, compressed or not, here or behind an address of fsspec."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping
from io import BufferedReader
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import IO, Any, Final, cast

import fsspec
import msgspec
import pyarrow as pa
from pyarrow import parquet

from stream_app.line_formats import FORMATS, Line, Lines
from training.errors import DatasetError
from training.sources.source import Received, Source, received

PARQUET: Final = ".parquet"
BOUNDARIES_PREFIX: Final = "sbd_"

_BATCH_ROWS: Final = 1_000
_DAMAGED: Final = (OSError, EOFError, UnicodeDecodeError, zlib.error, lzma.LZMAError, pa.ArrowException)


def _zstd(stream: IO[bytes]) -> IO[bytes]:
    return BufferedReader(pa.CompressedInputStream(stream, "zstd"))


_COMPRESSIONS: Final[Mapping[str, Callable[[IO[bytes]], IO[bytes]]]] = MappingProxyType(
    {
        ".gz": lambda stream: cast("IO[bytes]", gzip.GzipFile(fileobj=stream)),
        ".bz2": lambda stream: cast("IO[bytes]", bz2.BZ2File(stream)),
        ".xz": lambda stream: cast("IO[bytes]", lzma.LZMAFile(stream)),  # noqa: SIM115 - its user closes it
        ".zst": _zstd,
    }
)


def file_sources(address: str) -> list[Source]:
    """The files at an address: of one file, of a pattern, or all in a folder, by name.

    In a folder, what is in no known format is left out, and so are files `sbd_…` (sentence boundaries).

    Raises:
        DatasetError: there is no such file, it cannot be reached, or its format is not known.
    """
    try:
        filesystem, path = fsspec.url_to_fs(address)
        paths = _listed(filesystem, path)
    except (OSError, ValueError, ImportError) as error:
        raise DatasetError(f"{address}: {error}") from error
    if not paths:
        raise DatasetError(f"{address}: no file, expected names that end in {_endings()}")
    return [_source(filesystem, path) for path in paths]


def format_of(name: str) -> str | None:
    """The ending that tells the format, without that of the compression; None when it is not known."""
    suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes]
    if suffixes[-1:] and suffixes[-1] in _COMPRESSIONS:
        suffixes.pop()
    return suffixes[-1] if suffixes and suffixes[-1] in FORMATS else None


def _listed(filesystem: Any, path: str) -> list[str]:  # noqa: ANN401 - fsspec is untyped
    if filesystem.isdir(path):
        names = filesystem.ls(path, detail=False)
        return sorted(name for name in map(str, names) if _is_of_reviews(PurePosixPath(name).name))
    if any(sign in path for sign in "*?["):
        return sorted(map(str, filesystem.glob(path)))
    if not filesystem.exists(path):
        raise FileNotFoundError("no such file")
    return [path]


def _is_of_reviews(name: str) -> bool:
    return format_of(name) is not None and not name.startswith((BOUNDARIES_PREFIX, "."))


def _source(filesystem: Any, path: str) -> Source:  # noqa: ANN401 - fsspec is untyped
    ending = format_of(path)
    address = path if "file" in filesystem.protocol else filesystem.unstrip_protocol(path)
    if ending is None:
        raise DatasetError(f"{address}: format not known, expected a name that ends in {_endings()}")
    name = PurePosixPath(path).name.partition(".")[0]
    return Source(name, address, _rows(filesystem, path, address, ending))


def _endings() -> str:
    return f"{', '.join(FORMATS)}, with {', '.join(_COMPRESSIONS)} behind it or not"


def _rows(filesystem: Any, path: str, address: str, ending: str) -> Iterator[Received]:  # noqa: ANN401 - fsspec
    """What is damaged in the middle ends the reading: rows that nobody saw must not be taken for absent."""
    unit, number = ("row" if ending == PARQUET else "line"), 0
    try:
        with filesystem.open(path, "rb") as stream:
            for line in _lines(stream, path, ending):
                number = line.number
                yield received(line, unit)
    except _DAMAGED as error:
        raise DatasetError(
            f"{address}, {unit} {number + 1}: damaged, nothing can be read on: {error}"
        ) from error


def _lines(stream: IO[bytes], path: str, ending: str) -> Lines:
    compression = _COMPRESSIONS.get(PurePosixPath(path).suffix.lower())
    opened = compression(stream) if compression else stream
    # The feed's reader of Parquet takes damage for a row; here it ends the run.
    return _parquet_rows(opened) if ending == PARQUET else FORMATS[ending](opened)


def _parquet_rows(stream: IO[bytes]) -> Lines:
    """The rows, numbered from 1, as JSON objects of their cells that are not null."""
    number = 0
    for batch in parquet.ParquetFile(stream, page_checksum_verification=True).iter_batches(_BATCH_ROWS):
        for row in batch.to_pylist():
            number += 1
            cells = {name: cell for name, cell in row.items() if cell is not None}
            yield Line(number, msgspec.json.encode(cells, enc_hook=str))
