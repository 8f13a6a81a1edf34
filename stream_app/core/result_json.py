"""All results of a slice as JSON, written in one compiled pass.

The bytes are those that msgspec gives for each `ReviewResult`: building these objects, only to encode them,
would take longer than everything else that makes a result. What has many forms (the names of reviews, their
ratings) is written by msgspec, a list for the whole slice, and taken from there item by item.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numba import types
from numba.extending import register_jitable
from numpy.typing import NDArray

from stream_app.core.compilation import Bytes, Hashes, compiled
from stream_app.core.identity import OFFSET, PARTITION, TIMESTAMP, Identities
from stream_app.core.messages import RESULT_SCHEMA
from stream_app.core.sentence_scan import END, FIRST, LAST, PART, START, TITLE
from stream_app.core.slice_sentences import SliceSentences
from stream_app.core.verdicts import Verdicts


def _literal(text: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(text, np.uint8)


_RESULT_ID: Final = _literal(b',"result_id":"')
_SENTENCES: Final = _literal(b',"sentences":[')
_OFFSET: Final = _literal(b',"offset":')
_TIMESTAMP: Final = _literal(b',"timestamp_ms":')
_RATING: Final = _literal(b',"rating":')
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
_ZERO, _ONE, _MINUS, _POINT, _COMMA, _QUOTE, _BACKSLASH, _U, _N = b'01-.,"\\un'
_CLOSE_LIST, _CLOSE_OBJECT = b"]}"

_SCORE_PLACES: Final = 6
_SCORE_UNITS: Final = 10**_SCORE_PLACES
_FEWEST_UNITS: Final = 10  # below, msgspec writes an exponent
_MOST_BYTES: Final = 160  # of a sentence less its text, with numbers of ten digits
_MOST_REVIEW_BYTES: Final = 240  # of a result less its sentences, its name and what all results share
_PLACE, _TEN, _DIGIT_ZERO = np.uint64(1), np.uint64(10), np.uint64(_ZERO)
_ESCAPED_BYTES: Final = 6  # what an escaped byte takes at most

# What follows the backslash of a byte that must be escaped; 0 for the others.
_ESCAPES: Final = np.zeros(256, np.uint8)
_ESCAPES[:0x20] = _U
_ESCAPES[list(b'\b\f\n\r\t"\\')] = list(b'bfnrt"\\')


@register_jitable
def _put(out: NDArray[np.uint8], at: int, literal: NDArray[np.uint8]) -> int:
    place = np.uint64(at)  # an unsigned place is written to without a check
    for byte in literal:
        out[place] = byte
        place += _PLACE
    return np.int64(place)  # type: ignore[return-value]


@register_jitable
def _put_digits(out: NDArray[np.uint8], at: int, digits: int, number: np.uint64) -> int:
    """The last digits of a number."""
    end = np.uint64(at + digits)
    place = end
    for _ in range(digits):
        place -= _PLACE
        out[place] = _DIGIT_ZERO + number % _TEN
        number //= _TEN
    return np.int64(end)  # type: ignore[return-value]


@register_jitable
def _put_number(out: NDArray[np.uint8], at: int, number: int) -> int:
    if number < 0:
        out[at] = _MINUS
        at, number = at + 1, -number
    digits, rest = 1, np.uint64(number) // _TEN
    while rest:
        digits, rest = digits + 1, rest // _TEN
    return _put_digits(out, at, digits, np.uint64(number))


@register_jitable
def _put_hex(out: NDArray[np.uint8], at: int, number: np.uint64) -> int:
    """16 digits."""
    for place in range(at + 15, at - 1, -1):
        out[place] = _HEX[number & np.uint64(15)]
        number >>= np.uint64(4)
    return at + 16


@register_jitable
def _behind_item(json: NDArray[np.uint8], at: int) -> int:
    """Where the string or the number of a JSON list ends that begins at `at`."""
    if json[at] != _QUOTE:
        while json[at] not in (_COMMA, _CLOSE_LIST):
            at += 1
        return at
    at += 1
    while json[at] != _QUOTE:
        at += 2 if json[at] == _BACKSLASH else 1
    return at + 1


@register_jitable
def _put_score(out: NDArray[np.uint8], at: int, score: float) -> int:
    """A score in [0, 1], rounded to six places, in the fewest digits."""
    units = np.int64(np.rint(score * _SCORE_UNITS))
    if 0 < units < _FEWEST_UNITS:
        out[at] = _ZERO + units
        return _put(out, at + 1, _EXPONENT)
    out[at] = _ONE if units == _SCORE_UNITS else _ZERO
    out[at + 1] = _POINT
    end = _put_digits(out, at + 2, _SCORE_PLACES, np.uint64(units))
    while out[end - 1] == _ZERO and end > at + 3:
        end -= 1
    return end


@register_jitable
def _put_text(out: NDArray[np.uint8], at: int, text: NDArray[np.uint8]) -> int:
    place = np.uint64(at)
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


@register_jitable
def _put_sentence(  # noqa: PLR0913, PLR0917 - arrays are cheaper to pass one by one
    out: NDArray[np.uint8],
    at: int,
    index: int,
    text: NDArray[np.uint8],
    span: NDArray[np.int32],
    label: int,
    score: float,
    include_text: bool,
) -> int:
    at = _put_number(out, _put(out, at, _INDEX), index)
    at = _put(out, at, _IN_TITLE) if span[PART] == TITLE else _put(out, at, _IN_TEXT)
    at = _put_number(out, at, span[START])
    at = _put_number(out, _put(out, at, _END), span[END])
    at = _put_score(out, _put_label(out, at, label), score)
    if include_text:
        at = _put_text(out, _put(out, at, _TEXT), text[span[FIRST] : span[LAST]])
        out[at] = _QUOTE
        at += 1
    out[at] = _CLOSE_OBJECT
    return at + 1


@register_jitable
def _put_source(out: NDArray[np.uint8], at: int, source: NDArray[np.uint8], place: NDArray[np.int64]) -> int:
    at = _put_number(out, _put(out, at, source), place[PARTITION])
    at = _put_number(out, _put(out, at, _OFFSET), place[OFFSET])
    at = _put_number(out, _put(out, at, _TIMESTAMP), place[TIMESTAMP])
    out[at] = _CLOSE_OBJECT
    return at + 1


def _write(  # noqa: PLR0913, PLR0917 - arrays are cheaper to pass one by one
    text: NDArray[np.uint8],
    spans: NDArray[np.int32],
    counts: NDArray[np.int64],
    sentence_labels: NDArray[np.int8],
    sentence_scores: NDArray[np.float64],
    labels: NDArray[np.int8],
    scores: NDArray[np.float64],
    names: NDArray[np.uint8],
    ids: NDArray[np.uint64],
    ratings: NDArray[np.uint8],
    places: NDArray[np.int64],
    opening: NDArray[np.uint8],
    model: NDArray[np.uint8],
    source: NDArray[np.uint8],
    closing: NDArray[np.uint8],
    include_text: bool,
    out: NDArray[np.uint8],
    ends: NDArray[np.int64],
) -> None:
    """Fill `out` with the results, and `ends` with where each of them ends."""
    at = sentence = 0
    name = rating = 1  # behind the bracket that opens the list
    for review in range(len(counts)):
        behind = _behind_item(names, name)
        at = _put(out, _put(out, at, opening), names[name:behind])
        name = behind + 1
        at = _put_hex(out, _put(out, at, _RESULT_ID), ids[review])
        out[at] = _QUOTE
        at = _put_score(out, _put_label(out, at + 1, labels[review]), scores[review])
        at = _put(out, at, _SENTENCES)
        for index in range(counts[review]):
            label, score = sentence_labels[sentence], sentence_scores[sentence]
            at = _put_sentence(out, at, index, text, spans[sentence], label, score, include_text)
            out[at] = _COMMA
            at += 1
            sentence += 1
        out[at - 1] = _CLOSE_LIST  # in place of the last comma
        at = _put(out, at, model)
        if len(places):
            at = _put_source(out, at, source, places[review])
        behind = _behind_item(ratings, rating)
        if ratings[rating] != _N:  # of null
            at = _put(out, _put(out, at, _RATING), ratings[rating:behind])
        rating = behind + 1
        at = _put(out, at, closing)
        ends[review] = at


@cache
def _compiled_write() -> Callable[..., None]:
    labels, scores = types.int8[::1], types.float64[::1]
    spans, numbers, places = types.int32[:, ::1], types.int64[::1], types.int64[:, ::1]
    sentences = (Bytes, spans, numbers, labels, scores)
    reviews = (labels, scores, Bytes, Hashes, Bytes, places)
    return compiled(
        _write, *sentences, *reviews, *[Bytes] * 4, types.boolean, types.uint8[::1], types.int64[::1]
    )


class Shared(NamedTuple):
    """What all results of a slice have in common.

    Attributes:
        framing: what goes before each value.
        model_version: of the model that decided.
        include_text: whether each sentence has its text.
    """

    framing: bytes
    model_version: str
    include_text: bool


@lru_cache
def _frame(shared: Shared, topic: str) -> tuple[NDArray[np.uint8], ...]:
    """What stands before the name, the model's version, the partition, and at the end of each result."""
    return (
        _literal(shared.framing + b'{"review_id":'),
        _literal(b',"model_version":' + msgspec.json.encode(shared.model_version)),
        _literal(b',"source":{"topic":' + msgspec.json.encode(topic) + b',"partition":'),
        _literal(b',"schema":' + msgspec.json.encode(RESULT_SCHEMA) + b"}"),
    )


def result_values(
    split: SliceSentences,
    verdicts: Verdicts,
    identities: Identities,
    ratings: Sequence[float | None],
    shared: Shared,
) -> Iterator[bytes]:
    """The value of each result, by review.

    Args:
        split: the sentences; each review has one at least.
        verdicts: on sentences and reviews; scores have six places.
        identities: of the reviews.
        ratings: of the reviews, None where none was given.
        shared: by all of them.
    """
    names, given = msgspec.json.encode(identities.review_ids), msgspec.json.encode(ratings)
    frame = _frame(shared, identities.topic)
    most = _MOST_BYTES * len(split.spans) + (_ESCAPED_BYTES * len(split.text) if shared.include_text else 0)
    most += len(names) + len(given) + len(split.counts) * (sum(map(len, frame)) + _MOST_REVIEW_BYTES)
    out, ends = np.empty(most, np.uint8), np.zeros(len(split.counts) + 1, np.int64)
    _compiled_write()(
        *split,
        *verdicts,
        _literal(names),
        identities.result_ids,
        _literal(given),
        identities.places,
        *frame,
        shared.include_text,
        out,
        ends[1:],
    )
    written = out[: ends[-1]].tobytes()
    return (written[start:end] for start, end in pairwise(ends.tolist()))
