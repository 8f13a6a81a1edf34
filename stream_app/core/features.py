"""Hashed word n-grams: the transformer of training, around the compiled loop that serving uses too.

A word is a run of a-z, 0-9, `_`, `'` and bytes of 128 and above in the lower-cased UTF-8 text. Terms are the
words and the pairs of neighbouring words of a sentence; each falls into one of 2**bits buckets.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple, Self

import numpy as np
from numba import njit, types
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin

FNV_OFFSET = 0xCBF29CE484222325
FNV_PRIME = 0x100000001B3
PAIR_FACTOR = 0x9E3779B97F4A7C15
MIX_FACTOR = 0xBF58476D1CE4E5B9
MAX_BITS = 30  # bucket numbers are int32

NEWLINE, APOSTROPHE, ZERO, NINE, UNDERSCORE, A, Z, NON_ASCII = b"\n'09_az\x80"

Bytes = types.Array(types.uint8, 1, "C", readonly=True)
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


def _index(text: NDArray[np.uint8], bits: int, buckets: NDArray[np.int32], ends: NDArray[np.int64]) -> None:
    """Fill `buckets` and `ends` from sentences that each end with a newline.

    Words are hashed by FNV-1a (Fowler, Noll, Vo); a pair by multiplying and adding the hashes of its words.
    The top bits of a last multiplication pick the bucket (Fibonacci hashing, Knuth, TAOCP vol. 3, 6.4).
    """
    shift = np.uint64(64 - bits)
    word = np.uint64(FNV_OFFSET)
    inside = False
    previous = np.uint64(0)
    after_word = False
    terms = 0
    sentence = 0
    for byte in text:
        if A <= byte <= Z or byte >= NON_ASCII or ZERO <= byte <= NINE or byte in (APOSTROPHE, UNDERSCORE):
            word = (word ^ np.uint64(byte)) * np.uint64(FNV_PRIME)
            inside = True
            continue
        if inside:
            buckets[terms] = (word * np.uint64(MIX_FACTOR)) >> shift
            terms += 1
            if after_word:
                pair = previous * np.uint64(PAIR_FACTOR) + word
                pair = (pair ^ (pair >> np.uint64(31))) * np.uint64(MIX_FACTOR)
                buckets[terms] = pair >> shift
                terms += 1
            previous = word
            after_word = True
            word = np.uint64(FNV_OFFSET)
            inside = False
        if byte == NEWLINE:
            ends[sentence] = terms
            sentence += 1
            after_word = False


@cache
def _compiled_index() -> Callable[..., None]:
    return compiled(_index, Bytes, types.int64, Buckets, Ends)


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
    text = np.frombuffer((joined + "\n").lower().encode("utf-8", "surrogatepass"), np.uint8)
    ends = np.empty(len(sentences), np.int64)
    # A word takes a byte and a separator at least, and brings a pair at most: never more terms than bytes.
    buckets = np.empty(len(text), np.int32)
    if sentences:
        _compiled_index()(text, bits, buckets, ends)
    return Terms(buckets, ends)


class HashedNgrams(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """Sentences as rows of hashed word 1-2-gram counts, each divided by the root of the sentence's terms.

    The value is linear in the counts, so that serving may add up weights term by term.

    Args:
        bits: log2 of the number of buckets.
    """

    def __init__(self, bits: int = 18) -> None:
        self.bits = bits

    def fit(self, sentences: Iterable[str], y: object = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Nothing: hashing has no state."""
        return self

    def transform(self, sentences: Sequence[str]) -> csr_matrix:
        """A matrix of shape (sentences, 2**bits), float64."""
        buckets, ends = index_terms(sentences, self.bits)
        starts = np.concatenate([np.zeros(1, np.int64), ends])
        counts = np.diff(starts)
        values = np.repeat(1 / np.sqrt(np.maximum(counts, 1)), counts)
        matrix = csr_matrix((values, buckets[: starts[-1]], starts), shape=(len(ends), 2**self.bits))
        matrix.sum_duplicates()
        return matrix

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn's type
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags
