"""Reviews in files: JSON lines, CSV or Parquet, gzip or not, each as the bytes of one JSON object."""

import gzip
import importlib.util
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Final, NamedTuple, cast

import msgspec

from stream_app.line_formats import FORMATS, BadLine, Lines

STANDARD_INPUT: Final = "-"


class ReviewFileError(ValueError):
    """The file's format is not known, or what reads it is not installed."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be fed, where it came from and why not."""

    place: str
    message: str


class FeedRecord(NamedTuple):
    """A review to be produced, and where it came from."""

    value: bytes
    key: bytes | None
    place: str


def read_reviews(
    path: str, key_field: str = "review_id", limit: int | None = None, repeat: int = 1
) -> Iterator[FeedRecord | Problem]:
    """The reviews of a file, in order, and what in it is not a review.

    The suffix tells the format: .jsonl, .ndjson or .json (JSON lines), .csv (with a header) or .parquet, and
    .gz behind any of them. A JSON line is passed on byte for byte, unless it has a field `id` and no
    `review_id`: then `id` is renamed to that. Columns of CSV and Parquet become fields. Blank lines and empty
    cells are left out, and the CSV column `rating` becomes a number when it is one.

    Args:
        path: of the file; `-` reads JSON lines from standard input.
        key_field: the field whose value becomes the record's key; without it the key is null.
        limit: stop after so many, problems included.
        repeat: read the file so many times.

    Raises:
        ReviewFileError: the format is not known, cannot be read here, or standard input is to be read twice.
        OSError: the file cannot be opened.
    """
    read_lines = _lines_reader(path)
    if path != STANDARD_INPUT:
        Path(path).open("rb").close()
    elif repeat > 1:
        raise ReviewFileError("standard input can be read once only, expected a file to repeat")
    passes = (_read_once(path, read_lines, key_field) for _ in range(repeat))
    return islice(chain.from_iterable(passes), limit)


def _lines_reader(path: str) -> Callable[[IO[bytes]], Lines]:
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    if suffixes[-1:] == [".gz"]:
        suffixes.pop()
    ending = ".jsonl" if path == STANDARD_INPUT else "".join(suffixes[-1:])
    if ending == ".parquet":
        _check_pyarrow(path)
    try:
        return FORMATS[ending]
    except KeyError:
        expected = ", ".join(FORMATS)
        raise ReviewFileError(
            f"{path}: expected a name that ends in {expected}, .gz behind it or not"
        ) from None


def _read_once(
    path: str, read_lines: Callable[[IO[bytes]], Lines], key_field: str
) -> Iterator[FeedRecord | Problem]:
    name = "standard input" if path == STANDARD_INPUT else path
    with _opened(path) as stream:
        for line in _to_the_end(read_lines(stream)):
            place = f"{name}, line {line.number}"
            if isinstance(line, BadLine):
                yield Problem(place, line.message)
            else:
                yield _feed_record(line.value, key_field, place)


def _opened(path: str) -> AbstractContextManager[IO[bytes]]:
    if path == STANDARD_INPUT:
        return nullcontext(sys.stdin.buffer)
    if path.lower().endswith(".gz"):
        return cast("IO[bytes]", gzip.open(path))
    return Path(path).open("rb")


def _to_the_end(lines: Lines) -> Lines:
    """The lines, up to where a damaged archive ends them."""
    number = 0
    try:
        for line in lines:
            number = line.number
            yield line
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        yield BadLine(number + 1, f"the archive is damaged, nothing can be read from here on: {error}")


def _check_pyarrow(path: str) -> None:
    if importlib.util.find_spec("pyarrow") is None:
        raise ReviewFileError(
            f"{path}: Parquet needs pyarrow, which comes with the extra `training`: "
            "pip install 'review-sentiment-stream[training]'"
        )


def _feed_record(value: bytes, key_field: str, place: str) -> FeedRecord | Problem:
    try:
        value.decode()
        fields = _object.decode(value)
    except UnicodeDecodeError as error:
        return Problem(place, f"byte {error.start} is not UTF-8")
    except (msgspec.DecodeError, RecursionError) as error:
        return Problem(place, f"not a JSON object: {error}")
    if _lacks_review_id(fields):
        fields = {
            "review_id" if name == "id" else name: cell
            for name, cell in fields.items()
            if name != "review_id"
        }
        value = msgspec.json.encode(fields)
    return FeedRecord(value, _key(fields.get(key_field)), place)


def _lacks_review_id(fields: Mapping[str, msgspec.Raw]) -> bool:
    """Whether there is an `id` to take the place of the `review_id`."""
    return _is_absent(fields.get("review_id")) and not _is_absent(fields.get("id"))


def _is_absent(cell: msgspec.Raw | None) -> bool:
    return cell is None or bytes(cell) == b"null"


def _key(cell: msgspec.Raw | None) -> bytes | None:
    """A string as its UTF-8, anything else as its JSON."""
    if cell is None or _is_absent(cell):
        return None
    if bytes(cell).startswith(b'"'):
        return msgspec.json.decode(cell, type=str).encode() or None
    return bytes(cell)


_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
