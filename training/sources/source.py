"""What every source gives."""

from collections.abc import Iterator
from typing import NamedTuple

from stream_app.line_formats import BadLine, Line


class Received(NamedTuple):
    """A row as it came.

    Attributes:
        place: where in the source.
        value: the bytes; None when there are none.
        problem: why there is no JSON object in them, where the source knows.
    """

    place: str
    value: bytes | None
    problem: str | None = None


class Source(NamedTuple):
    """Rows from one place.

    Attributes:
        name: of its part in bronze.
        address: where it is, without passwords.
        rows: what it holds, read when asked for.
    """

    name: str
    address: str
    rows: Iterator[Received]


def received(line: Line | BadLine, unit: str) -> Received:
    """A line or a row of a file."""
    place = f"{unit} {line.number}"
    return Received(place, None, line.message) if isinstance(line, BadLine) else Received(place, line.value)
