"""The plain ends of sentences, for all reviews of a slice in one compiled pass over their bytes.

`sentence_ends` holds the rules. Nearly every end in a review is a plain case of them: a full stop behind a
word that is no abbreviation, "!!!" before a space, a line break. This pass decides those. Any other place (an
initial before "The", an address, a run of "?!") it leaves open: the expression is asked about that place
alone, and a second pass takes its answer. A review that is beyond it (bullets, a letter beyond Latin-1) it
leaves to the expression as a whole. Wherever this pass decides, it gives the spans that the expression gives.

What a run of marks means ("." or "..." or "?!") depends on what stands before it (`_may_end`), whether
quotes, brackets or emoji close behind it, and what comes next (`_ends_spaced`, `_ends_glued`, `_ends_short`).
All of it stands in one file, since numba looks at this file alone to tell whether the machine code that it
keeps is still right.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

import numpy as np
from numba import types
from numba.extending import register_jitable
from numpy.typing import NDArray

from stream_app.core.compilation import Bytes, compiled
from stream_app.core.sentence_ends import (
    CLOSING,
    COUNTING,
    DOMAINS,
    LEADING,
    OPEN,
    OPENERS,
    UNFINISHED,
)

# UTF-8 never has these bytes. One stands before each title and each text, and one behind the last.
TITLE_AHEAD: Final = 0xFE
TEXT_AHEAD: Final = 0xFF

# The columns of a span: its part, its characters in the part, its bytes, and its bytes in lower case.
PART, START, END, FIRST, LAST, FOLDED_FIRST, FOLDED_LAST = range(7)
COLUMNS: Final = 7
TITLE, TEXT = 0, 1

MOST_QUESTIONS: Final = 16
"""Of a review; with more open places it is beyond this pass."""
BEYOND: Final = -MOST_QUESTIONS - 1
"""In the place of a number of spans. The numbers between this and 0 are those of questions."""
FOLLOWS: Final = -1
"""In the place of where a review begins: behind the one before."""
# The columns of an answer: the byte in question, where the sentence ends (0: none does), where the next is.
AT, ENDS, GOES_ON = range(3)
ANSWER_COLUMNS: Final = 3

_NO, _YES, _OPEN, _BEYOND, _SHORT = range(5)

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

_A, _CASE, _H, _O, _TWO, _STOP_SIGN, _COMMA, _OPEN_BRACKET, _APOSTROPHE, _ONE_BLANK, _TILDE = b"a ho2.,[' ~"
_COLON, _SEMICOLON = b":;"
_C2, _E2, _EF, _F0, _80 = 0xC2, 0xE2, 0xEF, 0xF0, 0x80
_EMOJI_PAGE: Final = 0x9F  # after F0
_SELECTOR_PAGE, _SELECTOR = 0xB8, 0x8F  # after EF: how the sign before is drawn
_JOINER, _ELLIPSIS_SIGN, _LOUD_SIGN = 0x8D, 0xA6, 0xBC  # after E2 80: what joins emoji, "..." and "!!"
_LAST_EMOJI_BLOCK: Final = 0xAB  # after F0 9F: U+1FAC0 to U+1FAFF
_DINGBATS, _LAST_DINGBAT = 0x9D, 0xA7  # after E2: U+2740 to U+2767
_OPENING, _CLOSING_ROUND, _MINUS, _UNDERSCORE, _EQUALS, _D, _W = b"()-_=Dw"


def _members(members: bytes) -> NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(members)] = True
    return table


_ITEM_SIGN: Final = _members(b".)")  # what follows the number of an item
_IN_ADDRESS: Final = _members(b"_.+-@")
_WIDE_SPACE: Final = _members(b"\x85\xa0")  # after C2
_WIDE_PUNCTUATION: Final = _members(b"\x93\x94\x98\x99\x9c\x9d")  # after E2 80: dashes, curly quotes
_WIDE_CLOSER: Final = _members(b"\x99\x9d")  # of them, those that close
_WIDE_SIGN: Final = _members(bytes([_JOINER, _ELLIPSIS_SIGN, _LOUD_SIGN]))  # after E2 80
_PICTURE_PAGE: Final = _members(bytes(range(0x98, 0x9F)))  # after E2: U+2600 to U+27BF
_BEFORE_INITIAL: Final = _members(b' \t\n\r.("' + bytes([TITLE_AHEAD, TEXT_AHEAD]))

_ONE: Final = np.uint64(1)
_FNV_OFFSET, _FNV_PRIME = 0xCBF29CE484222325, 0x100000001B3
_LONGEST_WORD: Final = 7  # of those in the table
_LONGEST_CLITIC: Final = 2  # "ll", "ve", "re" behind an apostrophe lost to a wrong encoding ("it?s")
_ITEM_DIGITS: Final = 2  # in the number of an item at most
_OMISSION: Final = 3  # full stops


def _hash(word: str) -> int:
    """FNV-1a of the word, read backwards."""
    value = _FNV_OFFSET
    for byte in reversed(word.encode()):
        value = (value ^ byte) * _FNV_PRIME % 2**64
    return value


# What a word is, to the rules: a bit each.
_LEADS, _CLOSES, _WANTS_OPENER, _OPENS, _COUNTS, _GOES_ON, _ADDRESSES = (1 << bit for bit in range(7))
_ABBREVIATES: Final = _LEADS | _CLOSES | _WANTS_OPENER
_ROLES: Final = {
    _LEADS: LEADING,
    _CLOSES: CLOSING,
    _WANTS_OPENER: OPEN,
    _OPENS: " ".join(word.partition("'")[0] for word in OPENERS.split()),
    _COUNTS: COUNTING,
    _GOES_ON: UNFINISHED,
    _ADDRESSES: DOMAINS,
}
_SLOTS: Final = 1_024


def _word_table() -> NDArray[np.uint64]:
    """Row 0: a word's hash, in the slot that its low bits name or the next that is free; row 1: its roles."""
    table = np.zeros((2, _SLOTS), np.uint64)
    for role, words in _ROLES.items():
        for value in (_hash(word) for word in words.split() if word.isalpha() and word.isascii()):
            slot = value % _SLOTS
            while table[0, slot] not in {0, value}:
                slot = (slot + 1) % _SLOTS
            table[0, slot] = value
            table[1, slot] |= np.uint64(role)
    return table


@register_jitable
def _behind(text: NDArray[np.uint8], at: int, kinds: int) -> int:
    """Where the run of bytes of these kinds that begins at `at` ends."""
    while _KIND[text[at]] & kinds:
        at += 1
    return at


@register_jitable
def _word_before(text: NDArray[np.uint8], at: int) -> tuple[int, np.uint64]:
    """How many letters stand before `at`, one more than any word in the table at most, and their hash."""
    length, word = 0, np.uint64(_FNV_OFFSET)
    while length <= _LONGEST_WORD and _KIND[text[at - 1 - length]] & _LETTER:
        word = (word ^ np.uint64(text[at - 1 - length] | _CASE)) * np.uint64(_FNV_PRIME)
        length += 1
    return length, word


@register_jitable
def _roles(word: np.uint64, words: NDArray[np.uint64]) -> np.int64:
    """The roles of a word by its hash, 0 for one that is not in the table."""
    slot = word & np.uint64(_SLOTS - 1)
    while words[0, slot] != word:
        if words[0, slot] == 0:
            return np.int64(0)
        slot = (slot + np.uint64(1)) & np.uint64(_SLOTS - 1)
    return np.int64(words[1, slot])


@register_jitable
def _word_may_end(text: NDArray[np.uint8], at: int, words: NDArray[np.uint64]) -> int:
    """Whether a full stop at `at`, behind a letter, is none of an initial or an abbreviation; else _SHORT."""
    length, word = _word_before(text, at)
    before = text[at - 1 - length]
    if length == 1:
        return _SHORT if _BEFORE_INITIAL[before] else _YES
    if not _roles(word, words) & _ABBREVIATES or _KIND[before] & _DIGIT or before == _UNDERSCORE:
        return _YES
    return _OPEN if _80 <= before < TITLE_AHEAD else _SHORT


@register_jitable
def _number_may_end(text: NDArray[np.uint8], at: int) -> int:
    """Whether a full stop at `at`, behind a digit, is not that of a list's item."""
    digits = 1
    while _KIND[text[at - 1 - digits]] & _DIGIT:
        digits += 1
    before = text[at - 1 - digits]
    if digits > _ITEM_DIGITS or _KIND[before] & (_LETTER | _SYMBOL | _CLOSER | _MARK):
        return _YES
    ahead = text[at - 2 - digits]
    if before == _ONE_BLANK and _KIND[ahead] & (_LETTER | _DIGIT | _SYMBOL | _CLOSER):
        return _YES
    is_item = _KIND[before] & _BREAK or before >= TITLE_AHEAD
    is_behind_mark = before == _ONE_BLANK and (_KIND[ahead] & _MARK or ahead in (_COLON, _SEMICOLON))
    return _NO if is_item or is_behind_mark else _OPEN


@register_jitable
def _is_selector(text: NDArray[np.uint8], at: int) -> bool:
    """Whether the sign at `at` says how the one before is drawn."""
    return bool(text[at] == _EF and text[at + 1] == _SELECTOR_PAGE and text[at + 2] == _SELECTOR)


@register_jitable
def _picture_bytes(text: NDArray[np.uint8], at: int) -> int:
    """How many bytes a sign takes that has no small form and is no white space, as an emoji; else 0."""
    byte, following = text[at], text[at + 1]
    if byte == _F0:
        return 4 if following == _EMOJI_PAGE else 0
    if _is_selector(text, at):
        return 3
    is_sign = _PICTURE_PAGE[following] or (following == _80 and _WIDE_SIGN[text[at + 2]])
    return 3 if byte == _E2 and is_sign else 0


@register_jitable
def _emoji_bytes(text: NDArray[np.uint8], at: int) -> int:
    """How many bytes an emoji takes that may end a sentence, 0 for anything else."""
    byte = text[at]
    if byte == _F0:
        return 4 if text[at + 1] == _EMOJI_PAGE and text[at + 2] <= _LAST_EMOJI_BLOCK else 0
    if byte != _E2:
        return 0
    page, sign = text[at + 1], text[at + 2]
    is_dingbat = page == _DINGBATS and sign <= _LAST_DINGBAT
    is_picture = is_dingbat or (page < _DINGBATS and _PICTURE_PAGE[page])
    return 3 if is_picture or (page == _80 and sign == _LOUD_SIGN) else 0


@register_jitable
def _emoji_part_bytes(text: NDArray[np.uint8], at: int) -> int:
    """The same for what stands in a run of emoji."""
    is_joiner = text[at] == _E2 and text[at + 1] == _80 and text[at + 2] == _JOINER
    return 3 if is_joiner or _is_selector(text, at) else _emoji_bytes(text, at)


@register_jitable
def _behind_emoji(text: NDArray[np.uint8], at: int) -> int:
    """Where the run of emoji that begins at `at` ends, one space between two of them included; else `at`."""
    size, ahead = _emoji_bytes(text, at), at
    while size:
        at = ahead + size
        ahead = at + (text[at] == _ONE_BLANK)
        size = _emoji_part_bytes(text, ahead)
    return at


@register_jitable
def _may_end(text: NDArray[np.uint8], at: int, stops: int, louds: int, words: NDArray[np.uint64]) -> int:
    """Whether the run of marks at `at` may end a sentence, by what stands before it."""
    before = text[at - 1]
    kind = _KIND[before]
    is_behind_mark = kind & _BLANK and _KIND[text[at - 2]] & (_MARK | _WIDE)
    if kind & _WIDE or before >= TITLE_AHEAD or is_behind_mark or (stops and louds):
        return _OPEN
    if louds:
        yahoo = before == _O and text[at - 2] == _O and text[at - 3] == _H
        return _OPEN if yahoo else _YES
    if stops > 1:
        is_omission = stops == _OMISSION and (kind & _SPACE or before == _OPEN_BRACKET)
        is_first = text[_trimmed(text, at) - 1] >= TITLE_AHEAD
        return (_OPEN if is_first else _NO) if is_omission else _YES
    if kind & _LETTER:
        return _word_may_end(text, at, words)
    if kind & _DIGIT:
        return _number_may_end(text, at)
    return _YES if before == _ONE_BLANK or kind & (_BREAK | _SYMBOL | _CLOSER) else _OPEN


@register_jitable
def _roles_at(text: NDArray[np.uint8], at: int, words: NDArray[np.uint64]) -> np.int64:
    """The roles of the word that begins at `at`."""
    _, word = _word_before(text, _behind(text, at, _LETTER))
    return _roles(word, words)


@register_jitable
def _is_unclear(byte: np.uint8) -> bool:
    """Whether the byte begins or is a character of which this pass does not know what it is."""
    kind = _KIND[byte]
    return bool(kind & _WIDE or (kind == _ODD and byte < TITLE_AHEAD))


@register_jitable
def _unless_address(text: NDArray[np.uint8], at: int, words: NDArray[np.uint64]) -> int:
    """_YES if the word at `at`, glued behind a full stop, is surely no part of an address."""
    behind = _behind(text, at, _LETTER)
    sign = text[behind]
    if sign == _STOP_SIGN:
        is_clear = _KIND[text[behind + 1]] & _SPACE or text[behind + 1] >= TITLE_AHEAD
    else:
        is_clear = not (_is_unclear(sign) or _KIND[sign] & _DIGIT or _IN_ADDRESS[sign])
    return _YES if is_clear and not _roles_at(text, at, words) & _ADDRESSES else _OPEN


@register_jitable
def _small_word_ends(text: NDArray[np.uint8], at: int) -> int:
    """Whether the small letters at `at`, perhaps with an apostrophe among them, are a whole word."""
    behind = _behind(text, at, _SMALL)
    if text[behind] == _APOSTROPHE and _KIND[text[behind + 1]] & _SMALL:
        behind = _behind(text, behind + 1, _SMALL)
    if text[behind] == _STOP_SIGN:
        behind += 1
        is_inside = _KIND[text[behind]] & (_LETTER | _DIGIT) or text[behind] == _UNDERSCORE
    else:
        is_inside = not (_KIND[text[behind]] & (_SPACE | _LOUD) or text[behind] >= TITLE_AHEAD)
        is_inside = is_inside and text[behind] != _COMMA
    return _OPEN if _is_unclear(text[behind]) else _NO if is_inside else _YES


@register_jitable
def _stop_ends_glued(text: NDArray[np.uint8], at: int, words: NDArray[np.uint64]) -> int:
    """Whether the full stop at `at` ends a sentence when a letter follows."""
    before, ahead, second = text[at - 1], text[at - 2], text[at + 2]
    is_behind_small = _KIND[before] & _SMALL and _KIND[ahead] & _SMALL
    if _KIND[text[at + 1]] & _SMALL:
        verdict = _small_word_ends(text, at + 1) if is_behind_small else _NO
        is_www = before == _W and ahead == _W and text[at - 3] == _W
        if verdict != _YES or is_www:
            return _OPEN if verdict else _NO
    elif not is_behind_small:
        word = ahead if before == _ONE_BLANK else before
        if not _KIND[word] & (_LETTER | _DIGIT) or _is_unclear(second):
            return _OPEN
        is_last = text[_behind(text, at + 2, _SPACE)] >= TITLE_AHEAD
        if is_last or not (_KIND[second] & (_SMALL | _SPACE) or second == _APOSTROPHE):
            return _NO
    return _unless_address(text, at + 1, words)


@register_jitable
def _loud_ends_glued(text: NDArray[np.uint8], at: int) -> int:
    """Whether "!" or "?" ends a sentence when the letter at `at` follows."""
    behind = _behind(text, at, _LETTER)
    is_clitic = _KIND[text[at]] & _SMALL and behind - at <= _LONGEST_CLITIC
    is_query = _KIND[text[behind]] & _DIGIT or text[behind] in (_UNDERSCORE, _EQUALS)
    return _OPEN if is_clitic or is_query or _is_unclear(text[behind]) else _YES


@register_jitable
def _ends_glued(text: NDArray[np.uint8], at: int, stops: int, closed: bool, words: NDArray[np.uint64]) -> int:
    """Whether a run ends a sentence when no white space follows, but `at`."""
    kind = _KIND[text[at]]
    if kind & (_EYES | _WIDE | _MARK) or kind == _ODD:
        return _OPEN
    if closed or not kind & _LETTER:
        return _NO
    if stops > 1:
        return _YES if kind & _CAPITAL else _NO
    return _stop_ends_glued(text, at - 1, words) if stops else _loud_ends_glued(text, at)


@register_jitable
def _ends_spaced(text: NDArray[np.uint8], end: int, at: int, stops: int, closed: bool) -> int:
    """Whether a run ends a sentence when white space follows, from `end` on, and then `at`."""
    kind = _KIND[text[at]]
    if text[at] == _STOP_SIGN and _KIND[text[end]] & _BREAK:
        return _NO if stops or closed else _YES
    if kind & (_EYES | _MARK) or kind == _ODD or _picture_bytes(text, at):
        return _OPEN
    if kind & _SHUT or text[at] == _COMMA:
        return _NO
    if kind & _SMALL:
        return _NO if closed or stops > 1 else _YES
    return _YES


@register_jitable
def _ends_short(text: NDArray[np.uint8], at: int, end: int, goes_on: int, words: NDArray[np.uint64]) -> int:
    """Whether the full stop at `at` ends a sentence that is one of an initial or an abbreviation."""
    kind = _KIND[text[goes_on]]
    if kind & (_EYES | _WIDE | _MARK) or kind == _ODD:
        return _OPEN
    if goes_on == end:
        return _NO
    if not kind & _LETTER:
        return _OPEN
    length, word = _word_before(text, at)
    roles = _roles(word, words) if length > 1 else 0
    if roles & _CLOSES:
        return _NO if kind & _SMALL else _YES
    if roles & _LEADS or (roles and kind & _SMALL):
        return _NO
    return _OPEN if _roles_at(text, goes_on, words) & _OPENS else _NO


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
def _trimmed(text: NDArray[np.uint8], end: int) -> int:
    while _KIND[text[end - 1]] & _SPACE:
        end -= 1
    return end


@register_jitable
def _counts_before(text: NDArray[np.uint8], at: int, words: NDArray[np.uint64]) -> bool:
    """Whether the word before `at` may go with a number behind it."""
    _, word = _word_before(text, at)
    return bool(_roles(word, words) & _COUNTS) or bool(_KIND[text[at - 1]] & _WIDE)


@register_jitable
def _behind_faces(text: NDArray[np.uint8], at: int) -> int:
    """Where emoji end that belong to the marks before `at`."""
    first = at + ((_KIND[text[at]] & _SPACE) != 0)
    behind = _behind_emoji(text, first)
    return behind if behind > first else at


@register_jitable
def _at_marks(text: NDArray[np.uint8], at: int, words: NDArray[np.uint64]) -> tuple[int, int, int]:
    """Whether a sentence ends at the run of marks, where it ends, and where the text goes on."""
    behind, louds = at, 0
    while _KIND[text[behind]] & _MARK:
        louds += (_KIND[text[behind]] & _LOUD) != 0
        behind += 1
    stops = behind - at - louds
    closed = _closed(text, behind)
    end = _behind_faces(text, closed)
    goes_on = _behind(text, end, _SPACE)
    if text[goes_on] >= TITLE_AHEAD:
        return _NO, end, behind
    following = _KIND[text[goes_on]]
    if following & _DIGIT and not following & _EYES and goes_on == behind and stops == 1 and not louds:
        return _NO, end, behind
    before = _may_end(text, at, stops, louds, words)
    if before == _OPEN or (before == _SHORT and end > closed):
        return _OPEN, end, behind
    if before == _SHORT:
        verdict = before = _ends_short(text, at, end, goes_on, words)
    elif goes_on > end:
        verdict = _ends_spaced(text, end, goes_on, stops, closed > behind)
        counts = following & _DIGIT and stops == 1 and end == behind and _counts_before(text, at, words)
        verdict = _OPEN if counts else verdict
    else:
        verdict = _ends_glued(text, goes_on, stops, end > behind, words)
    if verdict == _YES or (before == _NO and stops == 1 and not following & (_MARK | _WIDE)):
        verdict = before
    return verdict, end, goes_on if verdict == _YES else behind


@register_jitable
def _at_break(text: NDArray[np.uint8], at: int, words: NDArray[np.uint64]) -> tuple[int, int, int]:
    """The same for a line break."""
    goes_on = _behind(text, at + 1, _SPACE)
    if text[goes_on] >= TITLE_AHEAD:
        return _NO, at, goes_on
    if text[at - 1] == _COMMA:
        verdict = _NO if _KIND[text[goes_on]] & _SMALL else _YES
    else:
        length, word = _word_before(text, at)
        verdict = _OPEN if length and _roles(word, words) & _GOES_ON else _YES
    return verdict, _trimmed(text, at), goes_on if verdict == _YES else at + 1


@register_jitable
def _may_be_item(text: NDArray[np.uint8], at: int) -> bool:
    """Whether the digit at `at` may be the number of a list's item."""
    before, sign = text[at - 1], text[at + 1]
    if not _ITEM_SIGN[sign] or not (_KIND[before] & _SPACE or before >= TITLE_AHEAD):
        return False
    behind = text[at + 2]
    return bool(_KIND[behind] & _SPACE) or (sign == _STOP_SIGN and behind == _CLOSING_ROUND)


@register_jitable
def _may_be_face(text: NDArray[np.uint8], at: int) -> bool:
    """Whether the eyes at `at` may be of an emoticon that ends a sentence: a capital follows it."""
    at += 1
    at += text[at] == _APOSTROPHE
    at += text[at] == _MINUS
    if text[at] >= _80 and text[at] < TITLE_AHEAD:
        return True
    if text[at] not in (_OPENING, _CLOSING_ROUND, _D):
        return False
    at += 1
    if _KIND[text[at]] & _SPACE:
        at = _behind(text, at, _SPACE)
        following = _KIND[text[at]]
        return text[at] < TITLE_AHEAD and bool(following & (_CAPITAL | _EYES) or text[at] >= _80)
    return text[at] < TITLE_AHEAD and (text[at] >= _80 or bool(_KIND[text[at]] & _EYES))


@register_jitable
def _at_picture(text: NDArray[np.uint8], at: int) -> tuple[int, int, int]:
    """The same for an emoji or a part of one: behind a word it ends a sentence before a capital."""
    behind = _behind_emoji(text, at)
    if behind == at:
        return _OPEN, at, at + _picture_bytes(text, at)
    goes_on = _behind(text, behind, _SPACE)
    following = _KIND[text[goes_on]]
    if text[goes_on] >= TITLE_AHEAD or not (following & (_CAPITAL | _WIDE) or following == _ODD):
        return _NO, behind, behind
    before = _KIND[text[at - 1]]
    if before & _SPACE:
        before = _KIND[text[at - 2]]
    is_word = before & (_LETTER | _DIGIT | _SYMBOL | _CLOSER)
    verdict = _YES if is_word and following & _CAPITAL else _OPEN
    return verdict, behind, goes_on if verdict == _YES else behind


@register_jitable
def _at_other(text: NDArray[np.uint8], at: int) -> tuple[int, int, int]:
    """The same for what is neither a mark nor a line break."""
    byte, following = text[at], text[at + 1]
    if byte == _TWO:  # the number of a list's second item
        return _OPEN if _may_be_item(text, at) else _NO, at, at + 1
    if byte in (_COLON, _SEMICOLON):
        return _OPEN if _may_be_face(text, at) else _NO, at, at + 1
    if _picture_bytes(text, at):
        return _at_picture(text, at)
    if byte == _E2:
        is_known = following == _80 and _WIDE_PUNCTUATION[text[at + 2]]
    else:
        is_known = not _WIDE_SPACE[following] if byte == _C2 else _KIND[byte] != _ODD
    return _NO if is_known else _BEYOND, at, at + 1


@register_jitable
def _add(spans: NDArray[np.int32], row: int, part: int, first: int, last: int) -> int:
    """One more span, for now in bytes of the buffer alone."""
    spans[row, PART] = part
    spans[row, FIRST], spans[row, LAST] = first, last
    return row + 1


@register_jitable
def _is_ascii(text: NDArray[np.uint8]) -> bool:
    bits = np.uint8(0)
    for byte in text:
        bits |= byte
    return bool(bits < _80)


@register_jitable
def _count_characters(text: NDArray[np.uint8], origin: int, spans: NDArray[np.int32], row: int) -> None:
    """The other columns of the last spans, from `row` on, in the part that begins at `origin`."""
    at, characters = origin, 0
    wide = not _is_ascii(text[origin : spans[-1, LAST]])
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
def _has_lines(text: NDArray[np.uint8], first: int, last: int) -> bool:
    found = 0
    for at in range(first, last):
        found |= _KIND[text[at]] & _BREAK
    return found != 0


@register_jitable
def _join_lines(text: NDArray[np.uint8], spans: NDArray[np.int32], row: int, rows: int) -> int:
    """Mere punctuation joins the sentence before it, in a text of several lines."""
    kept = row + 1
    begin, end = spans[row, FIRST], spans[rows - 1, LAST]
    for span in range(row + 1, rows):
        first, last = spans[span, FIRST], spans[span, LAST]
        if _only_punctuation(text, first, last) and _has_lines(text, begin, end):
            spans[kept - 1, LAST] = last
        else:
            kept = _add(spans, kept, TEXT, first, last)
    return kept


@register_jitable
def _behind_plain(text: NDArray[np.uint8], at: int) -> int:
    """The next byte, from `at` on, that may decide something. Unsigned places are read without a check."""
    place = np.uint64(at)
    while not _KIND[text[place]] & _LOOK:
        place += _ONE
    return np.int64(place)  # type: ignore[return-value]


@register_jitable
def _scan_title(text: NDArray[np.uint8], origin: int, spans: NDArray[np.int32], row: int) -> int:
    """The title as one sentence; gives the next row, or BEYOND."""
    first = _behind(text, origin, _SPACE)
    at = _behind_plain(text, first)
    while text[at] < TITLE_AHEAD:
        verdict, _, goes_on = _at_other(text, at)
        if verdict == _BEYOND:
            return BEYOND
        at = _behind_plain(text, goes_on)
    rows = _add(spans, row, TITLE, first, _trimmed(text, at))
    _count_characters(text, origin, spans[:rows], row)
    return rows


@register_jitable
def _look(text: NDArray[np.uint8], at: int, words: NDArray[np.uint64]) -> tuple[int, int, int]:
    """Whether a sentence ends at `at`, where it ends, and where the text goes on."""
    kind = _KIND[text[at]]
    if kind & _MARK:
        return _at_marks(text, at, words)
    return _at_break(text, at, words) if kind & _BREAK else _at_other(text, at)


@register_jitable
def _next_answer(answers: NDArray[np.int64], first: int, at: int) -> int:
    """The first answer, from `first` on, about the byte `at` or one behind it; else the number of answers."""
    while first < len(answers) and answers[first, AT] < at:
        first += 1
    return first


@register_jitable
def _scan_text(  # noqa: PLR0913, PLR0917 - arrays are cheaper to pass one by one
    text: NDArray[np.uint8],
    origin: int,
    words: NDArray[np.uint64],
    answers: NDArray[np.int64],
    questions: NDArray[np.int64],
    spans: NDArray[np.int32],
    row: int,
) -> tuple[int, int]:
    """The sentences of a text; gives the next row, or BEYOND, and how many questions there are.

    Without an answer an open place is taken for none where a sentence ends: what follows is looked at, too.
    """
    at = first = _behind(text, origin, _SPACE)
    rows, asked, answer = row, 0, 0
    if text[at] == _A and _ITEM_SIGN[text[at + 1]] and not len(answers):  # the letter of a list's first item
        questions[asked] = at
        asked += 1
    at = _behind_plain(text, at)
    while text[at] < TITLE_AHEAD:
        verdict, end, goes_on = _look(text, at, words)
        if verdict == _OPEN and len(answers):
            answer = _next_answer(answers, answer, at)
            if answer == len(answers) or answers[answer, AT] != at:
                return BEYOND, 0
            verdict = _NO
            if answers[answer, ENDS]:
                verdict, end, goes_on = _YES, _trimmed(text, answers[answer, ENDS]), answers[answer, GOES_ON]
        elif verdict == _OPEN and asked < MOST_QUESTIONS:
            questions[asked] = at
            asked += 1
        elif verdict in (_OPEN, _BEYOND):
            return BEYOND, 0
        if verdict == _YES:
            rows = _add(spans, rows, TEXT, first, end)
            first = goes_on
        at = _behind_plain(text, goes_on)
    rows = _join_lines(text, spans, row, _add(spans, rows, TEXT, first, _trimmed(text, at)))
    _count_characters(text, origin, spans[:rows], row)
    return rows, asked


@register_jitable
def _scan_review(  # noqa: PLR0913, PLR0917 - arrays are cheaper to pass one by one
    text: NDArray[np.uint8],
    at: int,
    words: NDArray[np.uint64],
    answers: NDArray[np.int64],
    questions: NDArray[np.int64],
    spans: NDArray[np.int32],
    row: int,
) -> tuple[int, int, int]:
    """The same for a review, and where its text begins."""
    rows = row
    if text[at] == TITLE_AHEAD:
        rows = _scan_title(text, at + 1, spans, row)
        at = _behind_part(text, at + 1)
    if rows == BEYOND:
        return BEYOND, 0, at + 1
    rows, asked = _scan_text(text, at + 1, words, answers, questions, spans, rows)
    return rows, asked, at + 1


@register_jitable
def _behind_part(text: NDArray[np.uint8], at: int) -> int:
    place = np.uint64(at)
    while text[place] < TITLE_AHEAD:
        place += _ONE
    return np.int64(place)  # type: ignore[return-value]


def _scan(  # noqa: PLR0913, PLR0917 - arrays are cheaper to pass one by one
    text: NDArray[np.uint8],
    words: NDArray[np.uint64],
    answers: NDArray[np.int64],
    starts: NDArray[np.int64],
    counts: NDArray[np.int64],
    spans: NDArray[np.int32],
    questions: NDArray[np.int64],
) -> None:
    """Fill the last three, and `starts` where it has FOLLOWS."""
    at = row = number = answer = 0
    for review in range(len(counts)):
        if starts[review] == FOLLOWS:
            starts[review] = at
        at = starts[review]
        answer = _next_answer(answers, answer, at)
        rows, asked, at = _scan_review(text, at, words, answers[answer:], questions[number:], spans, row)
        if rows == BEYOND or asked:
            counts[review] = BEYOND if rows == BEYOND else -asked
        else:
            counts[review] = rows - row
            row = rows
        number += asked
        at = _behind_part(text, at)


_words = cache(_word_table)


@cache
def _compiled_scan() -> Callable[..., None]:
    words, numbers, spans = types.uint64[:, ::1], types.int64[::1], types.int32[:, ::1]
    return compiled(_scan, Bytes, words, types.int64[:, ::1], numbers, numbers, spans, numbers)


def scan(  # noqa: PLR0913, PLR0917 - what it reads, what it fills
    text: NDArray[np.uint8],
    answers: NDArray[np.int64],
    starts: NDArray[np.int64],
    counts: NDArray[np.int64],
    spans: NDArray[np.int32],
    questions: NDArray[np.int64],
) -> None:
    """Find the sentences of reviews in the buffer, as far as they end plainly.

    Args:
        text: uint8; of each review TITLE_AHEAD and its title in UTF-8, or neither, then TEXT_AHEAD and its
            text, not blank; one TEXT_AHEAD at the end.
        answers: of shape (n, 3), in the order of their bytes, to all questions about the reviews to scan;
            empty when nothing was asked yet.
        starts: where each review begins; FOLLOWS, behind the one before, is replaced.
        counts: is filled with the number of spans of each review; with the negative number of its questions
            where it has any, and with BEYOND where nothing but the expression can read it.
        spans: is filled, review after review; has a row for every second byte.
        questions: is filled with the bytes of the open places, review after review; has room for
            MOST_QUESTIONS of each. Nothing is asked when there are answers.
    """
    _compiled_scan()(text, _words(), answers, starts, counts, spans, questions)
