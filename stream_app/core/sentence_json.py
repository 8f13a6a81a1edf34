"""The sentences of all results of a slice as JSON, written in one compiled pass.

The bytes are those that msgspec gives for a list of `SentenceResult`: building these objects, only to encode
them, would take longer than everything else that makes a result.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

import numpy as np
from numba import types
from numba.extending import register_jitable
from numpy.typing import NDArray

from stream_app.core.compilation import Bytes, compiled
from stream_app.core.sentence_scan import END, FIRST, LAST, PART, START, TITLE
from stream_app.core.slice_sentences import SliceSentences


def _literal(text: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(text, np.uint8)


_INDEX: Final = _literal(b'{"index":')
_IN_TITLE: Final = _literal(b',"part":"title","start":')
_IN_TEXT: Final = _literal(b',"part":"text","start":')
_END: Final = _literal(b',"end":')
_NEGATIVE: Final = _literal(b',"label":"negative","score":')
_NEUTRAL: Final = _literal(b',"label":"neutral","score":')
_POSITIVE: Final = _literal(b',"label":"positive","score":')
_TEXT: Final = _literal(b',"text":"')
_UNICODE: Final = _literal(b"\\u00")
_HEX: Final = _literal(b"0123456789abcdef")
_EXPONENT: Final = _literal(b"e-6")
_ZERO, _ONE, _POINT, _COMMA, _QUOTE, _BACKSLASH, _U = b'01.,"\\u'
_OPEN_LIST, _CLOSE_LIST, _CLOSE_OBJECT = b"[]}"

_SCORE_UNITS: Final = 1_000_000  # scores have six places
_FEWEST_UNITS: Final = 10  # below, msgspec writes an exponent
_MOST_BYTES: Final = 160  # of a sentence less its text, with numbers of ten digits
_PLACE: Final = np.uint64(1)
_ESCAPED_BYTES: Final = 6  # what an escaped byte takes at most

# What follows the backslash of a byte that must be escaped; 0 for the others.
_ESCAPES: Final = np.zeros(256, np.uint8)
_ESCAPES[:0x20] = _U
_ESCAPES[list(b'\b\f\n\r\t"\\')] = list(b'bfnrt"\\')


@register_jitable
def _put(out: NDArray[np.uint8], at: int, literal: NDArray[np.uint8]) -> int:
    for byte in literal:
        out[at] = byte
        at += 1
    return at


@register_jitable
def _put_number(out: NDArray[np.uint8], at: int, number: int) -> int:
    digits, rest = 1, number // 10
    while rest:
        digits, rest = digits + 1, rest // 10
    for place in range(at + digits - 1, at - 1, -1):
        out[place] = _ZERO + number % 10
        number //= 10
    return at + digits


@register_jitable
def _put_score(out: NDArray[np.uint8], at: int, score: float) -> int:
    """A score in [0, 1], rounded to six places, in the fewest digits."""
    units = np.int64(np.rint(score * _SCORE_UNITS))
    if 0 < units < _FEWEST_UNITS:
        out[at] = _ZERO + units
        return _put(out, at + 1, _EXPONENT)
    out[at] = _ONE if units == _SCORE_UNITS else _ZERO
    out[at + 1] = _POINT
    rest = units % _SCORE_UNITS
    at += 2
    place = _SCORE_UNITS // 10
    while True:
        out[at] = _ZERO + rest // place
        at, rest, place = at + 1, rest % place, place // 10
        if not rest:
            return at


@register_jitable
def _put_text(out: NDArray[np.uint8], at: int, text: NDArray[np.uint8]) -> int:
    place = np.uint64(at)  # an unsigned place is written to without a check
    for byte in text:
        escape = _ESCAPES[byte]
        if not escape:
            out[place] = byte
            place += _PLACE
        else:
            behind = _put_escaped(out, np.int64(place), byte, escape)  # type: ignore[arg-type]
            place = np.uint64(behind)
    return np.int64(place)  # type: ignore[return-value]


@register_jitable
def _put_escaped(out: NDArray[np.uint8], at: int, byte: int, escape: int) -> int:
    if escape != _U:
        out[at], out[at + 1] = _BACKSLASH, escape
        return at + 2
    at = _put(out, at, _UNICODE)
    out[at], out[at + 1] = _HEX[byte >> 4], _HEX[byte & 15]
    return at + 2


@register_jitable
def _put_label(out: NDArray[np.uint8], at: int, label: int) -> int:
    if label == 0:
        return _put(out, at, _NEGATIVE)
    return _put(out, at, _NEUTRAL) if label == 1 else _put(out, at, _POSITIVE)


def _write(  # noqa: PLR0913, PLR0917 - arrays are cheaper to pass one by one
    text: NDArray[np.uint8],
    spans: NDArray[np.int32],
    counts: NDArray[np.int64],
    labels: NDArray[np.int8],
    scores: NDArray[np.float64],
    include_text: bool,
    out: NDArray[np.uint8],
    ends: NDArray[np.int64],
) -> None:
    """Fill `out` with a list for each review, and `ends` with where each of them ends."""
    at = sentence = 0
    for review in range(len(counts)):
        out[at] = _OPEN_LIST
        at += 1
        for index in range(counts[review]):
            span = spans[sentence]
            at = _put_number(out, _put(out, at, _INDEX), index)
            at = _put(out, at, _IN_TITLE) if span[PART] == TITLE else _put(out, at, _IN_TEXT)
            at = _put_number(out, at, span[START])
            at = _put_number(out, _put(out, at, _END), span[END])
            at = _put_score(out, _put_label(out, at, labels[sentence]), scores[sentence])
            if include_text:
                at = _put_text(out, _put(out, at, _TEXT), text[span[FIRST] : span[LAST]])
                out[at] = _QUOTE
                at += 1
            out[at], out[at + 1] = _CLOSE_OBJECT, _COMMA
            at += 2
            sentence += 1
        out[at - 1] = _CLOSE_LIST  # in place of the last comma
        ends[review] = at


@cache
def _compiled_write() -> Callable[..., None]:
    labels, scores = types.int8[::1], types.float64[::1]
    spans, out, ends = types.int32[:, ::1], types.uint8[::1], types.int64[::1]
    return compiled(_write, Bytes, spans, ends, labels, scores, types.boolean, out, ends)


def sentence_lists(
    split: SliceSentences, labels: NDArray[np.int8], scores: NDArray[np.float64], *, include_text: bool
) -> Iterator[memoryview]:
    """The sentences of each review, which has one at least, as a JSON list.

    Args:
        split: the sentences.
        labels: indices into LABELS, per sentence.
        scores: in [0, 1], of six places, per sentence.
        include_text: whether each sentence has its text.
    """
    most = _MOST_BYTES * len(labels) + (_ESCAPED_BYTES * len(split.text) if include_text else 0)
    out = np.empty(most, np.uint8)
    ends = np.empty(len(split.counts), np.int64)
    _compiled_write()(split.text, split.spans, split.counts, labels, scores, include_text, out, ends)
    written, start = out.data, 0
    for end in ends.tolist():
        yield written[start:end]
        start = end
