"""Hashed terms of sentences, by one compiled loop that training and serving share.

A word is a run of a-z, 0-9, `_`, `'` and bytes of 128 and above in the lower-cased UTF-8 text, where a curly
apostrophe counts as a plain one. The terms of a sentence are

* its words,
* the stem, the first bytes, of every longer word,
* the pairs of neighbouring words,
* the words under a negation once more, as negated: those that follow "not", "never", "don't", ..., up to the
  end of the clause or to the end of its reach (Das and Chen, APFA 2001; Pang, Lee and Vaithyanathan, EMNLP
  2002),
* its marks, one by one, except those that end clauses ("!", ",", ".", ";", "?"): whether and how a sentence
  ends must not change its label.

Each falls into one of 2**bits buckets.
"""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
from numba import types
from numba.extending import register_jitable
from numpy.typing import NDArray

from stream_app.core.compilation import Bytes, Hashes, compiled

FNV_OFFSET = 0xCBF29CE484222325
FNV_PRIME = 0x100000001B3
PAIR_FACTOR = 0x9E3779B97F4A7C15
MIX_FACTOR = 0xBF58476D1CE4E5B9
# What takes the place of a pair's second word in the terms that are no pairs.
STEM, NEGATED, MARK = 5, 10, 14
MAX_BITS = 30  # bucket numbers are int32

STEM_BYTES = np.uint64(5)
NEGATION_REACH = 4  # words
# Beside every word that ends in 't, as "don't" does.
NEGATIONS = (
    "not no never cannot without nothing none hardly barely nor neither dont doesnt didnt wont wouldnt cant "
    "couldnt isnt wasnt arent werent lack lacks"
)
SHORTEST_CONTRACTION = np.uint64(4)
# Places in the text are unsigned: at each signed one the loop would check whether it is negative.
ONE, TWO, FOUR = np.uint64(1), np.uint64(2), np.uint64(4)

SPACE, APOSTROPHE, T = b" 't"
BEYOND_ASCII = 0x80
CURLY = (0xE2, 0x80, 0x99)
# Latin-1's letters begin with one byte; their capitals lie between two others, but for the times sign.
LATIN_1, LATIN_1_A, LATIN_1_THORN, LATIN_1_TIMES, TO_LOWER = 0xC3, 0x80, 0x9E, 0x97, 0x20
# The bytes of words, in lower case; 0 for those that words do not have.
LETTERS = np.zeros(256, np.uint8)
LETTERS[list(b"abcdefghijklmnopqrstuvwxyz0123456789_'")] = list(b"abcdefghijklmnopqrstuvwxyz0123456789_'")
LETTERS[list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")] = list(b"abcdefghijklmnopqrstuvwxyz")
LETTERS[0x80:] = range(0x80, 0x100)
CLAUSE_ENDS = np.zeros(256, np.bool_)
CLAUSE_ENDS[list(b"!,.;?")] = True

Spans = types.int32[:, ::1]
Buckets = types.int32[::1]
Ends = types.int64[::1]


class Terms(NamedTuple):
    """The terms of a batch of sentences.

    Attributes:
        buckets: the bucket of each term, sentence after sentence; a term that recurs is there again.
        ends: per sentence, the number of terms up to its end. What `buckets` holds past the last end means
            nothing.
    """

    buckets: NDArray[np.int32]
    ends: NDArray[np.int64]


@register_jitable
def _pair(first: np.uint64, second: np.uint64) -> np.uint64:
    return first * np.uint64(PAIR_FACTOR) + second


@register_jitable
def _negates(
    text: NDArray[np.uint8],
    end: np.uint64,
    length: np.uint64,
    word: np.uint64,
    negations: NDArray[np.uint64],
) -> bool:
    """Whether the word that ends before `end` is a negation; `negations` has a slot for every hash."""
    if length >= SHORTEST_CONTRACTION and text[end - ONE] | TO_LOWER == T:
        before = text[end - TWO]
        if before == APOSTROPHE or (before == CURLY[2] and text[end - FOUR] == CURLY[0]):
            return True
    found: bool = negations[word & np.uint64(len(negations) - 1)] == word
    return found


@register_jitable
def _add(buckets: NDArray[np.int32], terms: np.uint64, value: np.uint64, shift: np.uint64) -> np.uint64:
    """Write the bucket of one more term: the top bits after a last multiplication.

    Fibonacci hashing, Knuth, TAOCP vol. 3, 6.4.
    """
    buckets[terms] = ((value ^ (value >> np.uint64(31))) * np.uint64(MIX_FACTOR)) >> shift
    return terms + ONE


@register_jitable
def _add_word(
    buckets: NDArray[np.int32],
    terms: np.uint64,
    hashes: tuple[np.uint64, np.uint64, np.uint64],
    shift: np.uint64,
) -> np.uint64:
    """A word, its stem and its pair, by the hashes of word, stem and previous word; 0 stands for none.

    What there is none of is written as well and then not counted: which words have a stem nobody can predict,
    a branch least of all.
    """
    word, stem, previous = hashes
    terms = _add(buckets, terms, word, shift)
    _add(buckets, terms, _pair(stem, np.uint64(STEM)), shift)
    terms += np.uint64(stem != 0)
    _add(buckets, terms, _pair(previous, word), shift)
    return terms + np.uint64(previous != 0)


@register_jitable
def _fold(text: NDArray[np.uint8], at: np.uint64, last: np.uint64) -> tuple[np.uint8, np.uint64]:
    """A byte beyond ASCII in lower case, an apostrophe for a curly one, and how many bytes that were."""
    byte = text[at]
    if byte == CURLY[0] and at + TWO < last and text[at + ONE] == CURLY[1] and text[at + TWO] == CURLY[2]:
        return np.uint8(APOSTROPHE), ONE + TWO
    if LATIN_1_A <= byte <= LATIN_1_THORN and byte != LATIN_1_TIMES and at and text[at - ONE] == LATIN_1:
        return np.uint8(byte | TO_LOWER), ONE
    return byte, ONE


@register_jitable
def _read_word(
    text: NDArray[np.uint8], at: np.uint64, last: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """The word at `at`, perhaps empty: where it ends, its length, its hash and that of its stem, or 0."""
    word, stem, length = np.uint64(FNV_OFFSET), np.uint64(0), np.uint64(0)
    while at < last:
        byte, step = LETTERS[text[at]], ONE
        if not byte:
            break
        if byte >= BEYOND_ASCII:
            byte, step = _fold(text, at, last)
        if length == STEM_BYTES:
            stem = word
        word = (word ^ np.uint64(byte)) * np.uint64(FNV_PRIME)
        length += ONE
        at += step
    return at, length, word, stem


def _index(  # noqa: PLR0913, PLR0917 - arrays are cheaper to pass one by one
    text: NDArray[np.uint8],
    spans: NDArray[np.int32],
    column: int,
    negations: NDArray[np.uint64],
    bits: int,
    buckets: NDArray[np.int32],
    ends: NDArray[np.int64],
) -> None:
    """Fill `buckets` and `ends` from sentences: `column` of a span has its first byte, the next its last.

    Words are hashed by FNV-1a (Fowler, Noll, Vo); a pair by multiplying and adding the hashes of its words.
    """
    shift = np.uint64(64 - bits)
    terms = np.uint64(0)
    for sentence in range(len(spans)):
        at, last = np.uint64(spans[sentence, column]), np.uint64(spans[sentence, column + 1])
        previous, reach = np.uint64(0), 0
        while at < last:
            at, length, word, stem = _read_word(text, at, last)
            if length:
                terms = _add_word(buckets, terms, (word, stem, previous), shift)
                previous = word
                if _negates(text, at, length, word, negations):
                    reach = NEGATION_REACH
                elif reach:
                    terms = _add(buckets, terms, _pair(word, np.uint64(NEGATED)), shift)
                    reach -= 1
            while at < last and not LETTERS[text[at]]:
                byte = text[at]
                if CLAUSE_ENDS[byte]:
                    reach = 0
                elif byte > SPACE:
                    terms = _add(buckets, terms, _pair(np.uint64(byte), np.uint64(MARK)), shift)
                at += ONE
        ends[sentence] = terms


def _hash(word: str) -> int:
    value = FNV_OFFSET
    for byte in word.encode():
        value = (value ^ byte) * FNV_PRIME % 2**64
    return value


@cache
def _negations() -> NDArray[np.uint64]:
    """The hashes of NEGATIONS, each in the slot that its low bits name: the smallest table with room for all.

    An empty slot holds 0, which is the hash of no word in use.
    """
    hashes = [_hash(word) for word in NEGATIONS.split()]
    size = len(hashes)
    while len({value % size for value in hashes}) < len(hashes) or size.bit_count() > 1:
        size += 1
    table = np.zeros(size, np.uint64)
    table[[value % size for value in hashes]] = hashes
    return table


@cache
def _compiled_index() -> Callable[..., None]:
    return compiled(_index, Bytes, Spans, types.int64, Hashes, types.int64, Buckets, Ends)


def index_spans(text: NDArray[np.uint8], spans: NDArray[np.int32], column: int, bits: int) -> Terms:
    """The buckets of all terms of sentences that lie in one buffer, in one compiled call.

    Args:
        text: UTF-8. Letters that have a capital are small ones, but for those of ASCII and Latin-1.
        spans: of shape (sentences, columns), C-contiguous; bytes, half open.
        column: of `spans` that holds the first byte; the one behind it holds the last.
        bits: log2 of the number of buckets, 1 to 30.
    """
    ends = np.empty(len(spans), np.int64)
    # A word and what separates it take two bytes at least and bring four terms at most (a word of two bytes
    # has no stem): never more than two terms to a byte. One more is written and not counted.
    buckets = np.empty(2 * (len(text) + len(spans)) + 1, np.int32)
    _compiled_index()(text, spans, column, _negations(), bits, buckets, ends)
    return Terms(buckets, ends)


def index_terms(sentences: Sequence[str], bits: int) -> Terms:
    """The same for sentences that are strings.

    Args:
        sentences: any strings; lone surrogates are letters, a newline inside a sentence separates words.
        bits: log2 of the number of buckets, 1 to 30.

    Raises:
        ValueError: bits lie outside of that.
    """
    if not 1 <= bits <= MAX_BITS:
        raise ValueError(f"bits: expected 1 to {MAX_BITS}, got {bits}")
    encoded = [sentence.lower().encode("utf-8", "surrogatepass") for sentence in sentences]
    edges = pairwise(accumulate(map(len, encoded), initial=0))
    spans = np.array(list(edges), np.int32).reshape(-1, 2)
    return index_spans(np.frombuffer(b"".join(encoded), np.uint8), spans, 0, bits)
