"""The sentences of all reviews of a slice, in one buffer of UTF-8."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_app.core.sentence_scan import COLUMNS, TEXT, TEXT_AHEAD, TITLE, TITLE_AHEAD, UNDECIDED, scan
from stream_app.core.sentences import boundaries, is_heading, trimmed

_TITLE_AHEAD: Final = bytes([TITLE_AHEAD])
_TEXT_AHEAD: Final = bytes([TEXT_AHEAD])

Titled = tuple[str, str]
"""A title, perhaps empty, and a text, not blank, of strings that have a UTF-8 form."""

_Row = tuple[int, int, int, int, int, int, int]


class SliceSentences(NamedTuple):
    """What the compiled loops read.

    Attributes:
        text: uint8, UTF-8; a sentence lies in it as it was written, and in lower case, which may be the same
            place where capitals are those of ASCII and Latin-1.
        spans: int32 of shape (sentences, 7), review after review; the columns are named in `sentence_scan`.
        counts: int64, the sentences of each review.
    """

    text: NDArray[np.uint8]
    spans: NDArray[np.int32]
    counts: NDArray[np.int64]


def split_slice(reviews: Sequence[Titled]) -> SliceSentences:
    """The sentences of reviews: the spans that `split_review` gives, for all of them in one call."""
    pieces: list[bytes] = []
    for title, text in reviews:
        if title and is_heading(title, text):
            pieces += (_TITLE_AHEAD, title.encode())
        pieces += (_TEXT_AHEAD, text.encode())
    pieces.append(_TEXT_AHEAD)
    encoded = b"".join(pieces)
    spans = np.empty((len(encoded) // 2 + 1, COLUMNS), np.int32)
    counts = np.empty(len(reviews), np.int64)
    origins = np.empty(len(reviews), np.int64)
    scan(np.frombuffer(encoded, np.uint8), spans, counts, origins)
    undecided: list[int] = (counts == UNDECIDED).nonzero()[0].tolist()
    if not undecided:
        return SliceSentences(np.frombuffer(encoded, np.uint8), spans[: counts.sum()], counts)
    buffer = bytearray(encoded)
    rows = [list(_rows(reviews[number], int(origins[number]), buffer)) for number in undecided]
    counts[undecided] = 0
    before = counts.cumsum()[undecided]
    counts[undecided] = [len(added) for added in rows]
    return SliceSentences(np.frombuffer(buffer, np.uint8), _inserted(spans, counts, before, rows), counts)


def _inserted(
    spans: NDArray[np.int32], counts: NDArray[np.int64], places: NDArray[np.int64], rows: Sequence[list[_Row]]
) -> NDArray[np.int32]:
    """The spans with rows between them, each list of rows before the span at its place."""
    added = np.array([row for one in rows for row in one], np.int32)
    where = np.repeat(places, [len(one) for one in rows])
    kept = spans[: counts.sum() - len(added)]
    return np.insert(kept, where, added, axis=0) if len(kept) else added


def _rows(review: Titled, origin: int, buffer: bytearray) -> Iterator[_Row]:
    """The spans of a review by the expression; what is not ASCII goes behind the buffer in lower case."""
    title, text = review
    if title and is_heading(title, text):
        start = origin - len(_TEXT_AHEAD) - len(title.encode())
        yield from _part_rows(TITLE, title, [trimmed(title)], start, buffer)
    yield from _part_rows(TEXT, text, boundaries(text), origin, buffer)


def _part_rows(
    part: int, source: str, spans: Iterable[tuple[int, int]], origin: int, buffer: bytearray
) -> Iterator[_Row]:
    if source.isascii():
        for start, end in spans:
            first, last = origin + start, origin + end
            yield part, start, end, first, last, first, last
        return
    behind, last = 0, origin
    for start, end in spans:
        first = last + len(source[behind:start].encode())
        sentence = source[start:end]
        behind, last = end, first + len(sentence.encode())
        at = len(buffer)
        buffer += sentence.lower().encode()
        yield part, start, end, first, last, at, len(buffer)
