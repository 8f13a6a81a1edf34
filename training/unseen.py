"""How much of what comes in says nothing to a model: n-grams that its training hardly met."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from stream_app.core.features import HashedNgrams
from stream_app.core.scoring import FittedPipeline

CHUNK: Final = 10_000  # sentences to a matrix, so that memory stays bounded


class TermCounts(NamedTuple):
    """Terms of some sentences, each counted once a sentence.

    Attributes:
        seen: those in whose bucket the model has a weight.
        unseen: those in whose bucket it has none, since too few sentences of its training fell into it.
    """

    seen: int
    unseen: int


def count_terms(pipeline: FittedPipeline, sentences: Sequence[str]) -> TermCounts:
    """Terms with and without a weight.

    Args:
        pipeline: features and a linear estimator, fitted.
        sentences: any strings.
    """
    features, linear = (step for _, step in pipeline.steps)
    hashed = HashedNgrams(features.bits)
    weighted = np.asarray(np.atleast_2d(linear.coef_).any(axis=0))
    seen = total = 0
    for start in range(0, len(sentences), CHUNK):
        matrix = hashed.transform(sentences[start : start + CHUNK])
        seen += int(weighted[matrix.indices].sum())
        total += len(matrix.indices)
    return TermCounts(seen, total - seen)
