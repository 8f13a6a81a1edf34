"""Hashed terms of a sentence, for training and serving alike, by one compiled loop.

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
from typing import Any, NamedTuple

import numpy as np
from numba import njit, types
from numba.extending import register_jitable
from numpy.typing import NDArray

FNV_OFFSET = 0xCBF29CE484222325
FNV_PRIME = 0x100000001B3
PAIR_FACTOR = 0x9E3779B97F4A7C15
MIX_FACTOR = 0xBF58476D1CE4E5B9
# What takes the place of a pair's second word in the terms that are no pairs.
STEM, NEGATED, MARK = 5, 10, 14
MAX_BITS = 30  # bucket numbers are int32

STEM_BYTES = 5
NEGATION_REACH = 4  # words
# Beside every word that ends in 't, as "don't" does.
NEGATIONS = (
    "not no never cannot without nothing none hardly barely nor neither dont doesnt didnt wont wouldnt cant "
    "couldnt isnt wasnt arent werent lack lacks"
)
SHORTEST_CONTRACTION = 4

NEWLINE, SPACE, APOSTROPHE, ZERO, NINE, UNDERSCORE, A, T, Z, NON_ASCII = b"\n '09_atz\x80"
BANG, COMMA, STOP, SEMICOLON, QUERY = b"!,.;?"

Bytes = types.Array(types.uint8, 1, "C", readonly=True)
Buckets = types.int32[::1]
Ends = types.int64[::1]
Hashes = types.Array(types.uint64, 1, "C", readonly=True)


class Terms(NamedTuple):
    """The terms of a batch of sentences.

    Attributes:
        buckets: the bucket of each term, sentence after sentence; a term that recurs is there again.
        ends: per sentence, the number of terms up to its end. What `buckets` holds past the last end means
            nothing.
    """

    buckets: NDArray[np.int32]
    ends: NDArray[np.int64]


def compiled(loop: Callable[..., None], *arguments: Any) -> Callable[..., None]:  # noqa: ANN401 - numba types
    """The loop as machine code for arguments of these numba types, kept on disk where that is possible.

    numba refuses to compile with a cache when it may not write to one, as on a read-only root.
    """
    signature = types.void(*arguments)
    try:
        function = njit(signature, nogil=True, cache=True)(loop)
    except (RuntimeError, OSError):
        function = njit(signature, nogil=True)(loop)
    return function  # type: ignore[no-any-return]


@register_jitable
def _pair(first: np.uint64, second: np.uint64) -> np.uint64:
    return first * np.uint64(PAIR_FACTOR) + second


@register_jitable
def _in_word(byte: np.uint8) -> bool:
    letter = A <= byte <= Z or byte >= NON_ASCII
    return bool(letter or ZERO <= byte <= NINE or byte in (APOSTROPHE, UNDERSCORE))


@register_jitable
def _ends_clause(byte: np.uint8) -> bool:
    return byte in (BANG, COMMA, STOP, SEMICOLON, QUERY)


@register_jitable
def _negates(
    text: NDArray[np.uint8], end: int, length: int, word: np.uint64, negations: NDArray[np.uint64]
) -> bool:
    """Whether the word that ends before `end` is a negation; `negations` has a slot for every hash."""
    if length >= SHORTEST_CONTRACTION and text[end - 1] == T and text[end - 2] == APOSTROPHE:
        return True
    found: bool = negations[word & np.uint64(len(negations) - 1)] == word
    return found


@register_jitable
def _add(buckets: NDArray[np.int32], terms: int, value: np.uint64, shift: np.uint64) -> int:
    """Write the bucket of one more term: the top bits after a last multiplication.

    Fibonacci hashing, Knuth, TAOCP vol. 3, 6.4.
    """
    buckets[terms] = ((value ^ (value >> np.uint64(31))) * np.uint64(MIX_FACTOR)) >> shift
    return terms + 1


@register_jitable
def _add_word(
    buckets: NDArray[np.int32], terms: int, hashes: tuple[np.uint64, np.uint64, np.uint64], shift: np.uint64
) -> int:
    """A word, its stem and its pair, by the hashes of word, stem and previous word; 0 stands for none."""
    word, stem, previous = hashes
    terms = _add(buckets, terms, word, shift)
    if stem:
        terms = _add(buckets, terms, _pair(stem, np.uint64(STEM)), shift)
    if previous:
        terms = _add(buckets, terms, _pair(previous, word), shift)
    return terms


def _index(
    text: NDArray[np.uint8],
    negations: NDArray[np.uint64],
    bits: int,
    buckets: NDArray[np.int32],
    ends: NDArray[np.int64],
) -> None:
    """Fill `buckets` and `ends` from sentences that each end with a newline.

    Words are hashed by FNV-1a (Fowler, Noll, Vo); a pair by multiplying and adding the hashes of its words.
    """
    shift = np.uint64(64 - bits)
    word = np.uint64(FNV_OFFSET)
    stem = previous = np.uint64(0)
    length = reach = terms = sentence = 0
    for position, byte in enumerate(text):
        if _in_word(byte):
            if length == STEM_BYTES:
                stem = word
            word = (word ^ np.uint64(byte)) * np.uint64(FNV_PRIME)
            length += 1
            continue
        if length:
            terms = _add_word(buckets, terms, (word, stem, previous), shift)
            if _negates(text, position, length, word, negations):
                reach = NEGATION_REACH
            elif reach:
                terms = _add(buckets, terms, _pair(word, np.uint64(NEGATED)), shift)
                reach -= 1
            previous, word, stem, length = word, np.uint64(FNV_OFFSET), np.uint64(0), 0
        if byte == NEWLINE:
            ends[sentence] = terms
            sentence, previous, reach = sentence + 1, np.uint64(0), 0
        elif _ends_clause(byte):
            reach = 0
        elif byte > SPACE:
            terms = _add(buckets, terms, _pair(np.uint64(byte), np.uint64(MARK)), shift)


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
    return compiled(_index, Bytes, Hashes, types.int64, Buckets, Ends)


def index_terms(sentences: Sequence[str], bits: int) -> Terms:
    """The buckets of all terms of all sentences, in one compiled call.

    Args:
        sentences: any strings; lone surrogates are letters, a newline inside a sentence separates words.
        bits: log2 of the number of buckets, 1 to 30.

    Raises:
        ValueError: bits lie outside of that.
    """
    if not 1 <= bits <= MAX_BITS:
        raise ValueError(f"bits: expected 1 to {MAX_BITS}, got {bits}")
    joined = "\n".join(sentences)
    if joined.count("\n") >= len(sentences):
        joined = "\n".join([sentence.replace("\n", " ") for sentence in sentences])
    text = np.frombuffer(
        f"{joined}\n".lower().replace("\u2019", "'").encode("utf-8", "surrogatepass"), np.uint8
    )
    ends = np.empty(len(sentences), np.int64)
    # A word and what separates it take two bytes at least and bring four terms at most (a word of two bytes
    # has no stem): never more than two terms to a byte.
    buckets = np.empty(2 * len(text), np.int32)
    if sentences:
        _compiled_index()(text, _negations(), bits, buckets, ends)
    return Terms(buckets, ends)
