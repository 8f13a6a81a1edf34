"""The sentences of all reviews of a slice, in one buffer of UTF-8."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_app.core.sentence_scan import (
    ANSWER_COLUMNS,
    BEYOND,
    COLUMNS,
    FOLLOWS,
    MOST_QUESTIONS,
    TEXT,
    TEXT_AHEAD,
    TITLE,
    TITLE_AHEAD,
    scan,
)
from stream_app.core.sentences import boundaries, ends_at, has_items, is_heading, trimmed

_TITLE_AHEAD: Final = bytes([TITLE_AHEAD])
_TEXT_AHEAD: Final = bytes([TEXT_AHEAD])
_NO_ANSWERS: Final = np.empty((0, ANSWER_COLUMNS), np.int64)
_NO_QUESTIONS: Final = np.empty(0, np.int64)
_ITEM_NUMBERS: Final = b"2a"  # what the compiled pass asks about where there may be a list

Titled = tuple[str, str]
"""A title, perhaps empty, and a text, not blank, of strings that have a UTF-8 form."""

_Row = tuple[int, int, int, int, int, int, int]
_Answer = tuple[int, int, int]


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
    encoded = _joined(reviews)
    text = np.frombuffer(encoded, np.uint8)
    spans = np.empty((len(encoded) // 2 + 1, COLUMNS), np.int32)
    counts, starts = np.empty(len(reviews), np.int64), np.full(len(reviews), FOLLOWS)
    questions = np.empty(len(reviews) * MOST_QUESTIONS, np.int64)
    scan(text, _NO_ANSWERS, starts, counts, spans, questions)
    undecided: list[int] = (counts < 0).nonzero()[0].tolist()
    if not undecided:
        return SliceSentences(text, spans[: counts.sum()], counts)
    asked = _questions_of(undecided, counts[undecided].tolist(), questions)
    counts[undecided] = 0
    answers = {
        number: given
        for number, places in asked.items()
        if (given := _answers(reviews[number][1], encoded, int(starts[number]), places))
    }
    found = _scanned_again(text, answers, starts, spans[counts.sum() :])
    buffer = bytearray(encoded)
    rows = [
        found[number] if number in found else _by_expression(reviews[number], int(starts[number]), buffer)
        for number in undecided
    ]
    merged = _merged(spans, counts, undecided, rows)
    return SliceSentences(np.frombuffer(buffer, np.uint8), merged, counts)


def _joined(reviews: Iterable[Titled]) -> bytes:
    pieces: list[bytes] = []
    for title, text in reviews:
        if title and is_heading(title, text):
            pieces += (_TITLE_AHEAD, title.encode())
        pieces += (_TEXT_AHEAD, text.encode())
    pieces.append(_TEXT_AHEAD)
    return b"".join(pieces)


def _questions_of(
    undecided: Iterable[int], counts: Sequence[int], questions: NDArray[np.int64]
) -> dict[int, list[int]]:
    """The bytes in question of each undecided review, less those that are beyond the compiled pass."""
    each = [0 if count == BEYOND else -count for count in counts]
    places = iter(questions[: sum(each)].tolist())
    return {
        number: list(islice(places, count)) for number, count in zip(undecided, each, strict=True) if count
    }


def _answers(text: str, encoded: bytes, start: int, questions: Sequence[int]) -> list[_Answer]:
    """Whether a sentence ends at these bytes, and where; nothing for a text that has a list in it."""
    origin = encoded.index(TEXT_AHEAD, start) + 1
    if any(encoded[at] in _ITEM_NUMBERS for at in questions) and has_items(text):
        return []
    if text.isascii():
        found = ends_at(text, [at - origin for at in questions])
    else:
        found = ends_at(text, [len(encoded[origin:at].decode()) for at in questions])
        found = [end and (len(text[: end[0]].encode()), len(text[: end[1]].encode())) for end in found]
    return [
        (at, 0, 0) if end is None else (at, origin + end[0], origin + end[1])
        for at, end in zip(questions, found, strict=True)
    ]


def _scanned_again(
    text: NDArray[np.uint8],
    answers: Mapping[int, Sequence[_Answer]],
    starts: NDArray[np.int64],
    free: NDArray[np.int32],
) -> dict[int, NDArray[np.int32]]:
    """The spans of the reviews with answers, as far as these do; they are written into `free`."""
    if not answers:
        return {}
    counts = np.empty(len(answers), np.int64)
    given = np.array([*chain.from_iterable(answers.values())], np.int64)
    scan(text, given, starts[[*answers]], counts, free, _NO_QUESTIONS)
    found, row = {}, 0
    for number, count in zip(answers, counts.tolist(), strict=True):
        if count > 0:
            found[number] = free[row : row + count]
            row += count
    return found


def _by_expression(review: Titled, start: int, buffer: bytearray) -> NDArray[np.int32]:
    """The spans of a review by the expression; what is not ASCII goes behind the buffer in lower case."""
    title, text = review
    origin = buffer.index(TEXT_AHEAD, start) + 1
    rows: list[_Row] = []
    if buffer[start] == TITLE_AHEAD:
        rows += _part_rows(TITLE, title, [trimmed(title)], start + 1, buffer)
    rows += _part_rows(TEXT, text, boundaries(text), origin, buffer)
    return np.array(rows, np.int32)


def _merged(
    spans: NDArray[np.int32],
    counts: NDArray[np.int64],
    reviews: Sequence[int],
    rows: Sequence[NDArray[np.int32]],
) -> NDArray[np.int32]:
    """The spans with the rows of some reviews, ascending, among them; replaces the 0 of these in `counts`."""
    ends = counts.cumsum()
    pieces: list[NDArray[np.int32]] = []
    done = 0
    for place, added in zip(ends[reviews].tolist(), rows, strict=True):
        pieces += (spans[done:place], added)
        done = place
    pieces.append(spans[done : ends[-1]])
    counts[reviews] = [len(added) for added in rows]
    return np.concatenate(pieces)


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
