"""The plain ends of sentences, for all reviews of a slice in one compiled pass over their bytes.

`sentence_ends` holds the rules. Nearly every end in a review is a plain case of them: a full stop behind a
word that is no abbreviation, "!!!" before a space, a line break. This pass decides those, and leaves a review
undecided as soon as it meets anything else (an initial, an address, an emoticon, a list, a letter beyond
Latin-1): then the expression decides. Wherever this pass decides, it gives the spans that the expression
gives.

What a run of marks means ("." or "..." or "?!") depends on what stands before it (`_may_end`), whether quotes
or brackets close behind it, and what comes next (`_ends_spaced`, `_ends_glued`). All of it stands in one
file, since numba looks at this file alone to tell whether the machine code that it keeps is still right.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Final

import numpy as np
from numba import types
from numba.extending import register_jitable
from numpy.typing import NDArray

from stream_app.core.compilation import Bytes, Hashes, compiled
from stream_app.core.sentence_ends import ABBREVIATIONS, UNFINISHED

# UTF-8 never has these bytes. One stands before each title and each text, and one behind the last.
TITLE_AHEAD: Final = 0xFE
TEXT_AHEAD: Final = 0xFF

# The columns of a span: its part, its characters in the part, its bytes, and its bytes in lower case.
PART, START, END, FIRST, LAST, FOLDED_FIRST, FOLDED_LAST = range(7)
COLUMNS: Final = 7
TITLE, TEXT = 0, 1

UNDECIDED: Final = -1
_NO, _YES = 0, 1

# What a byte is, to the rules: a bit each.
_SYMBOL, _SMALL, _CAPITAL, _DIGIT, _BLANK, _BREAK, _STOP, _LOUD, _QUOTE, _SHUT, _EYES, _WIDE, _LOOK = (
    1 << bit for bit in range(13)
)
_KINDS: Final = {
    _SYMBOL: b"#$%&(+,-/<>@[\\^_`{|}~\x7f",
    _SMALL: b"abcdefghijklmnopqrstuvwxyz",
    _CAPITAL: b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    _DIGIT: b"0123456789",
    _BLANK: b" \t",
    _BREAK: b"\n\r",
    _STOP: b".",
    _LOUD: b"!?",
    _QUOTE: b"'\"*",
    _SHUT: b")]",
    _EYES: b":;=8",  # an emoticon may begin here
    _WIDE: bytes([*range(0x80, 0xC0), 0xC2, 0xC3, 0xE2]),
}
_LETTER: Final = _SMALL | _CAPITAL
_MARK: Final = _STOP | _LOUD
_SPACE: Final = _BLANK | _BREAK
_CLOSER: Final = _QUOTE | _SHUT


def _kinds() -> NDArray[np.uint16]:
    """The bits of each byte; 0 for one that leaves a review undecided."""
    kinds = np.zeros(256, np.uint16)
    for kind, members in _KINDS.items():
        kinds[list(members)] |= kind
    # Most bytes decide nothing by themselves. These may.
    kinds[list(b".!?\n\r:;2\xc2\xc3\xe2")] |= _LOOK
    kinds[kinds == 0] = _LOOK
    return kinds


_KIND: Final = _kinds()
_ODD: Final = _LOOK  # and nothing else

_A, _CASE, _H, _O, _TWO, _DOT, _COMMA, _OPEN_BRACKET, _APOSTROPHE, _ONE_BLANK, _TILDE = b"a ho2.,[' ~"
_COLON, _SEMICOLON = b":;"
_C2, _E2, _80 = 0xC2, 0xE2, 0x80


def _members(members: bytes) -> NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(members)] = True
    return table


_NOSE_OR_MOUTH: Final = _members(b"()'-D" + bytes(range(0x80, TITLE_AHEAD)))  # what may follow eyes
_ITEM_SIGN: Final = _members(b".)")  # what follows the number of an item
_WIDE_SPACE: Final = _members(b"\x85\xa0")  # after C2
_WIDE_PUNCTUATION: Final = _members(b"\x93\x94\x98\x99\x9c\x9d")  # after E2 80: dashes, curly quotes
_WIDE_CLOSER: Final = _members(b"\x99\x9d")  # of them, those that close

_FNV_OFFSET, _FNV_PRIME = 0xCBF29CE484222325, 0x100000001B3
_LONGEST_WORD: Final = 6  # of those in the tables
_ITEM_DIGITS: Final = 2  # in the number of an item at most


def _hash(word: str) -> int:
    """FNV-1a of the word, read backwards."""
    value = _FNV_OFFSET
    for byte in reversed(word.encode()):
        value = (value ^ byte) * _FNV_PRIME % 2**64
    return value


def _table(words: Iterable[str]) -> NDArray[np.uint64]:
    """Each word's hash in the slot that its low bits name: the smallest table with room for all."""
    hashes = [_hash(word) for word in words]
    size = 64
    while len({value % size for value in hashes}) < len(hashes):
        size *= 2
    table = np.zeros(size, np.uint64)
    table[[value % size for value in hashes]] = hashes
    return table


@register_jitable
def _word_before(text: NDArray[np.uint8], at: int) -> tuple[int, np.uint64]:
    """How many letters stand before `at`, one more than any word in the tables at most, and their hash."""
    length, word = 0, np.uint64(_FNV_OFFSET)
    while length <= _LONGEST_WORD and _KIND[text[at - 1 - length]] & _LETTER:
        word = (word ^ np.uint64(text[at - 1 - length] | _CASE)) * np.uint64(_FNV_PRIME)
        length += 1
    return length, word


@register_jitable
def _among(word: np.uint64, words: NDArray[np.uint64]) -> bool:
    found: bool = words[word & np.uint64(len(words) - 1)] == word
    return found


@register_jitable
def _word_may_end(text: NDArray[np.uint8], at: int, abbreviations: NDArray[np.uint64]) -> int:
    """Whether a full stop at `at`, behind a letter, is none of an initial or an abbreviation."""
    length, word = _word_before(text, at)
    if length > 1:
        return UNDECIDED if _among(word, abbreviations) else _YES
    return _YES if text[at - 2] == _APOSTROPHE or _KIND[text[at - 2]] & _WIDE else UNDECIDED


@register_jitable
def _number_may_end(text: NDArray[np.uint8], at: int) -> int:
    """Whether a full stop at `at`, behind a digit, is not that of a list's item."""
    digits = 1
    while _KIND[text[at - 1 - digits]] & _DIGIT:
        digits += 1
    before = text[at - 1 - digits]
    if digits > _ITEM_DIGITS or _KIND[before] & (_LETTER | _SYMBOL):
        return _YES
    behind_word = before == _ONE_BLANK and _KIND[text[at - 2 - digits]] & _LETTER
    return _YES if behind_word else UNDECIDED


@register_jitable
def _may_end(
    text: NDArray[np.uint8], at: int, stops: int, louds: int, abbreviations: NDArray[np.uint64]
) -> int:
    """Whether the run of marks at `at` may end a sentence, by what stands before it."""
    before = text[at - 1]
    kind = _KIND[before]
    if kind & _BREAK or before >= TITLE_AHEAD or (stops and louds):
        return UNDECIDED
    if louds:
        yahoo = before == _O and text[at - 2] == _O and text[at - 3] == _H
        return UNDECIDED if yahoo else _YES
    if stops > 1:
        return UNDECIDED if kind & _SPACE or before == _OPEN_BRACKET else _YES
    if kind & _LETTER:
        return _word_may_end(text, at, abbreviations)
    if kind & _DIGIT:
        return _number_may_end(text, at)
    return _YES if before == _ONE_BLANK or kind & (_SYMBOL | _CLOSER) else UNDECIDED


@register_jitable
def _ends_glued(text: NDArray[np.uint8], at: int, stops: int, closed: bool) -> int:
    """Whether a run ends a sentence when no white space follows, but `at`."""
    kind = _KIND[text[at]]
    if kind & (_EYES | _WIDE | _MARK) or kind == _ODD:
        return UNDECIDED
    if kind & _LETTER and not closed:
        if stops > 1:
            return _YES if kind & _CAPITAL else _NO
        return UNDECIDED
    return _NO


@register_jitable
def _ends_spaced(text: NDArray[np.uint8], at: int, stops: int, closed: bool) -> int:
    """Whether a run ends a sentence when white space follows, and then `at`."""
    kind = _KIND[text[at]]
    if kind & (_EYES | _MARK) or kind == _ODD:
        return UNDECIDED
    if kind & _SHUT or text[at] == _COMMA:
        return _NO
    if kind & _SMALL:
        return _NO if closed or stops > 1 else _YES
    return UNDECIDED if kind & _DIGIT and stops == 1 else _YES


@register_jitable
def _closed(text: NDArray[np.uint8], at: int) -> int:
    """Where the quotes and brackets that close at `at` end."""
    while True:
        if _KIND[text[at]] & _CLOSER:
            at += 1
        elif text[at] == _E2 and text[at + 1] == _80 and _WIDE_CLOSER[text[at + 2]]:
            at += 3
        else:
            return at


@register_jitable
def _behind_space(text: NDArray[np.uint8], at: int) -> int:
    while _KIND[text[at]] & _SPACE:
        at += 1
    return at


@register_jitable
def _trimmed(text: NDArray[np.uint8], end: int) -> int:
    while _KIND[text[end - 1]] & _SPACE:
        end -= 1
    return end


@register_jitable
def _at_marks(text: NDArray[np.uint8], at: int, abbreviations: NDArray[np.uint64]) -> tuple[int, int, int]:
    """Whether a sentence ends at the run of marks, where it ends, and where the text goes on."""
    behind, louds = at, 0
    while _KIND[text[behind]] & _MARK:
        louds += (_KIND[text[behind]] & _LOUD) != 0
        behind += 1
    stops = behind - at - louds
    end = _closed(text, behind)
    goes_on = _behind_space(text, end)
    if text[goes_on] >= TITLE_AHEAD:
        return _NO, end, behind
    verdict = _may_end(text, at, stops, louds, abbreviations)
    if verdict == _YES:
        if goes_on > end:
            verdict = _ends_spaced(text, goes_on, stops, end > behind)
        else:
            verdict = _ends_glued(text, goes_on, stops, end > behind)
    return verdict, end, goes_on if verdict == _YES else behind


@register_jitable
def _at_break(text: NDArray[np.uint8], at: int, unfinished: NDArray[np.uint64]) -> tuple[int, int, int]:
    """The same for a line break."""
    goes_on = _behind_space(text, at + 1)
    if text[goes_on] >= TITLE_AHEAD:
        return _NO, at, goes_on
    if text[at - 1] == _COMMA:
        verdict = _NO if _KIND[text[goes_on]] & _SMALL else _YES
    else:
        length, word = _word_before(text, at)
        verdict = UNDECIDED if length and _among(word, unfinished) else _YES
    return verdict, _trimmed(text, at), goes_on if verdict == _YES else at + 1


@register_jitable
def _odd(text: NDArray[np.uint8], at: int) -> bool:
    """Whether what stands at `at`, neither a mark nor a line break, leaves the review undecided."""
    byte, following = text[at], text[at + 1]
    if byte == _TWO:  # the number of a list's second item
        return bool(_ITEM_SIGN[following])
    if byte in (_COLON, _SEMICOLON):
        return bool(_NOSE_OR_MOUTH[following])
    if byte == _C2:
        return bool(_WIDE_SPACE[following])
    if byte == _E2:
        return not (following == _80 and _WIDE_PUNCTUATION[text[at + 2]])
    return bool(_KIND[byte] == _ODD)


@register_jitable
def _add(spans: NDArray[np.int32], row: int, part: int, first: int, last: int) -> int:
    """One more span, for now in bytes of the buffer alone."""
    spans[row, PART] = part
    spans[row, FIRST], spans[row, LAST] = first, last
    return row + 1


@register_jitable
def _count_characters(
    text: NDArray[np.uint8], origin: int, spans: NDArray[np.int32], row: int, wide: bool
) -> None:
    """The other columns of the last spans, from `row` on, in the part that begins at `origin`."""
    at, characters = origin, 0
    for span in range(row, len(spans)):
        for edge in range(2):
            byte = spans[span, FIRST + edge]
            spans[span, FOLDED_FIRST + edge] = byte
            if not wide:
                characters = byte - origin
            while wide and at < byte:
                characters += (text[at] & 0xC0) != _80
                at += 1
            spans[span, START + edge] = characters


@register_jitable
def _only_punctuation(text: NDArray[np.uint8], first: int, last: int) -> bool:
    at = first
    while at < last and text[at] <= _TILDE and not _KIND[text[at]] & (_LETTER | _DIGIT):
        at += 1
    return at == last


@register_jitable
def _has_lines(text: NDArray[np.uint8], at: int) -> bool:
    while text[at] < TITLE_AHEAD:
        if _KIND[text[at]] & _BREAK:
            return True
        at += 1
    return False


@register_jitable
def _join_lines(text: NDArray[np.uint8], spans: NDArray[np.int32], row: int, rows: int) -> int:
    """Mere punctuation joins the sentence before it, in a text of several lines."""
    kept = row + 1
    for span in range(row + 1, rows):
        first, last = spans[span, FIRST], spans[span, LAST]
        if _only_punctuation(text, first, last) and _has_lines(text, spans[row, FIRST]):
            spans[kept - 1, LAST] = last
        else:
            kept = _add(spans, kept, TEXT, first, last)
    return kept


@register_jitable
def _scan_title(text: NDArray[np.uint8], origin: int, spans: NDArray[np.int32], row: int) -> int:
    """The title as one sentence; gives the next row, or UNDECIDED."""
    at = first = _behind_space(text, origin)
    while text[at] < TITLE_AHEAD:
        if _KIND[text[at]] == _ODD or (text[at] >= _80 and _odd(text, at)):
            return UNDECIDED
        at += 1
    rows = _add(spans, row, TITLE, first, _trimmed(text, at))
    _count_characters(text, origin, spans[:rows], row, wide=True)
    return rows


@register_jitable
def _scan_text(
    text: NDArray[np.uint8],
    origin: int,
    words: tuple[NDArray[np.uint64], NDArray[np.uint64]],
    spans: NDArray[np.int32],
    row: int,
) -> int:
    """The sentences of a text; gives the next row, or UNDECIDED."""
    at = first = _behind_space(text, origin)
    if text[at] == _A and _ITEM_SIGN[text[at + 1]]:
        return UNDECIDED
    rows, wide = row, False
    while text[at] < TITLE_AHEAD:
        kind = _KIND[text[at]]
        if not kind & _LOOK:
            at += 1
            continue
        if kind & _MARK:
            verdict, end, goes_on = _at_marks(text, at, words[0])
        elif kind & _BREAK:
            verdict, end, goes_on = _at_break(text, at, words[1])
        else:
            wide = wide or text[at] >= _80
            verdict, end, goes_on = UNDECIDED if _odd(text, at) else _NO, at, at + 1
        if verdict == UNDECIDED:
            return UNDECIDED
        if verdict == _YES:
            rows = _add(spans, rows, TEXT, first, end)
            first = goes_on
        at = goes_on
    rows = _join_lines(text, spans, row, _add(spans, rows, TEXT, first, _trimmed(text, at)))
    _count_characters(text, origin, spans[:rows], row, wide)
    return rows


def _scan(  # noqa: PLR0913, PLR0917 - arrays are cheaper to pass one by one
    text: NDArray[np.uint8],
    abbreviations: NDArray[np.uint64],
    unfinished: NDArray[np.uint64],
    spans: NDArray[np.int32],
    counts: NDArray[np.int64],
    origins: NDArray[np.int64],
) -> None:
    """Fill `spans` and, for each review, the number of its spans, or UNDECIDED, and where its text begins."""
    at = review = row = rows = 0
    while review < len(counts):
        if text[at] == TITLE_AHEAD:
            rows = _scan_title(text, at + 1, spans, row)
        else:
            if rows != UNDECIDED:
                rows = _scan_text(text, at + 1, (abbreviations, unfinished), spans, rows)
            counts[review] = UNDECIDED if rows == UNDECIDED else rows - row
            origins[review] = at + 1
            row = rows = row if rows == UNDECIDED else rows
            review += 1
        at += 1
        while text[at] < TITLE_AHEAD:
            at += 1


@cache
def _words() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    abbreviations = [word for word in ABBREVIATIONS.split() if word.isalpha()]
    return _table(abbreviations), _table(UNFINISHED.split())


@cache
def _compiled_scan() -> Callable[..., None]:
    counts = types.int64[::1]
    return compiled(_scan, Bytes, Hashes, Hashes, types.int32[:, ::1], counts, counts)


def scan(
    text: NDArray[np.uint8], spans: NDArray[np.int32], counts: NDArray[np.int64], origins: NDArray[np.int64]
) -> None:
    """Find the sentences of the reviews in the buffer, as far as they end plainly.

    Args:
        text: uint8; of each review TITLE_AHEAD and its title in UTF-8, or neither, then TEXT_AHEAD and its
            text, not blank; one TEXT_AHEAD at the end.
        spans: is filled, review after review; has a row for every second byte.
        counts: is filled with the number of spans of each review, or with UNDECIDED.
        origins: is filled with where the text of each review begins.
    """
    _compiled_scan()(text, *_words(), spans, counts, origins)
