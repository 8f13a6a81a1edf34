"""The n-grams that tell a model most, found by asking it about each alone.

A bucket of hashed n-grams has no name, so the texts are searched for n-grams and the model is asked what it
makes of each. This holds for whatever features the model has.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stream_app.core.scoring import LABELS, positivity

WORD: Final = re.compile(r"[a-z0-9_'\x80-\U0010ffff]+")
MIN_SHARE: Final = 5e-4  # of the sentences must hold an n-gram: what is rarer says little of the model
MIN_SENTENCES: Final = 10
TOP: Final = 20
MOST_COUNTED: Final = 2_000_000  # n-grams in memory; beyond, those met once are forgotten


class Ngram(NamedTuple):
    """An n-gram and what the model says of it alone.

    Attributes:
        text: its words.
        sentences: how many hold it.
        weight: the probability of the class, or for a model of one score its distance from the middle,
            signed towards the class.
    """

    text: str
    sentences: int
    weight: float


def telling_ngrams(
    probabilities: Callable[[Sequence[str]], NDArray[np.float64]],
    batches: Iterable[pd.DataFrame],
    top: int = TOP,
) -> dict[str, list[Ngram]]:
    """The n-grams of one and two words that speak most for each label, strongest first.

    Args:
        probabilities: of sentences, shape (n, 3) or (n, 1); a model of one score has none for neutral.
        batches: frames with the column `text`.
        top: how many for each label.
    """
    counted = _common(batches)
    if not counted:
        return {}
    texts = list(counted)
    rows = probabilities(texts)
    return {
        label: [Ngram(texts[at], counted[texts[at]], float(weights[at])) for at in np.argsort(-weights)[:top]]
        for label, weights in _weights(rows)
    }


def _weights(rows: NDArray[np.float64]) -> Iterator[tuple[str, NDArray[np.float64]]]:
    if rows.shape[1] == len(LABELS):
        yield from zip(LABELS, rows.T, strict=True)
    else:
        score = positivity(rows)
        yield LABELS[0], 0.5 - score
        yield LABELS[-1], score - 0.5


def _common(batches: Iterable[pd.DataFrame]) -> dict[str, int]:
    """How many sentences hold each n-gram that is common enough."""
    counts: Counter[str] = Counter()
    sentences = 0
    for batch in batches:
        for text in batch["text"]:
            counts.update(_ngrams(text))
        sentences += len(batch)
        if len(counts) > MOST_COUNTED:
            counts = Counter({ngram: count for ngram, count in counts.items() if count > 1})
    least = max(MIN_SENTENCES, MIN_SHARE * sentences)
    return {ngram: count for ngram, count in counts.items() if count >= least}


def _ngrams(text: str) -> set[str]:
    words = WORD.findall(text.lower())
    return {*words, *(f"{first} {second}" for first, second in pairwise(words))}
