"""The scikit-learn transformer of training, around the compiled loop of `terms` that serving uses too."""

from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin

from stream_app.core.terms import index_terms

__all__ = ["HashedNgrams", "index_terms"]


class HashedNgrams(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """Sentences as rows of counts of hashed terms, each divided by the root of the sentence's terms.

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
