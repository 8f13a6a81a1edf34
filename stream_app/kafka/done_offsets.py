"""Which offsets of a partition are done when they are not done in order, and how a group commits that."""

import base64
import binascii
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise
from typing import Final

MAX_METADATA_BYTES: Final = 4_096
"""Brokers refuse a longer text beside a committed offset (`offset.metadata.max.bytes`, its default)."""

_FORM: Final = "done1:"
_SEVEN_BITS: Final = 0x7F
_MORE: Final = 0x80


class DoneOffsets:
    """The done offsets of one partition: all below `first_open`, and runs of them above it.

    A commit holds `first_open` as its offset, so that Kafka's tools show what is left, and the runs above it
    in the text that Kafka keeps beside an offset: how many are open, how many done, open, done, … as LEB128
    numbers, deflated, in base 64.

    Args:
        first_open: every offset below is done.
    """

    def __init__(self, first_open: int = 0) -> None:
        self._firsts = [0]  # of each run; the first run is what lies below `first_open`
        self._ends = [first_open]

    @classmethod
    def from_commit(cls, offset: int, metadata: str) -> "DoneOffsets":
        """What a group has committed. A text that is not ours says nothing: the offset alone counts."""
        done = cls(offset)
        edges = list(accumulate(_decode(metadata), initial=offset))[1:]
        for first, end in zip(edges[::2], edges[1::2], strict=False):
            done.mark(first, end)
        return done

    @property
    def first_open(self) -> int:
        """The first offset that is not done."""
        return self._ends[0]

    def __contains__(self, offset: int) -> bool:
        return offset < self._ends[bisect_right(self._firsts, offset) - 1]

    def mark(self, first: int, end: int) -> None:
        """The offsets from `first` up to, and without, `end` are done."""
        touched = slice(bisect_left(self._ends, first), bisect_right(self._firsts, end))
        first = min([first, *self._firsts[touched]])
        end = max([end, *self._ends[touched]])
        self._firsts[touched] = [first]
        self._ends[touched] = [end]

    def metadata(self) -> str:
        """The runs above `first_open` as ASCII text; empty when there are none."""
        edges = [edge for run in zip(self._firsts, self._ends, strict=True) for edge in run][1:]
        lengths = [end - first for first, end in pairwise(edges)]
        return _encode(lengths) if lengths else ""


def _encode(numbers: Iterable[int]) -> str:
    raw = bytes(byte for number in numbers for byte in _leb128(number))
    return _FORM + base64.b64encode(zlib.compress(raw, 9)).decode()


def _decode(metadata: str) -> list[int]:
    if not metadata.startswith(_FORM):
        return []
    try:
        raw = zlib.decompress(base64.b64decode(metadata.removeprefix(_FORM), validate=True))
    except (binascii.Error, zlib.error):
        return []
    numbers, number, shift = [], 0, 0
    for byte in raw:
        number |= (byte & _SEVEN_BITS) << shift
        shift += 7
        if byte < _MORE:
            numbers.append(number)
            number, shift = 0, 0
    return numbers


def _leb128(number: int) -> Iterator[int]:
    while number >= _MORE:
        yield number & _SEVEN_BITS | _MORE
        number >>= 7
    yield number
