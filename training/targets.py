"""What a sentence teaches and how much it counts: by its review's rating, or by the label people gave it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stream_app.core.scoring import LABELS
from training.examples import NO_FOLD, Labelled

FOLDS: Final = 2
# What people say of a sentence itself is worth several inherited labels; snippets of film critics are far
# from any review that comes in.
HUMAN_WEIGHT: Final = 4.0
CRITICS: Final = ("vader_movie",)
CRITICS_WEIGHT: Final = 1.0
# Sentences of reviews of two and of four stars are now and then lukewarm: so much of them teaches neutral.
LUKEWARM: Final = 0.2
LUKEWARM_RATINGS: Final = (2.0, 4.0)
LENGTH_POWER: Final = 0.25

Taught = Literal["class", "rating"]


def taught_by_ratings(batches: Iterable[pd.DataFrame], taught: Taught) -> Iterator[Labelled]:
    """Sentences with what their reviews' ratings say of them.

    Args:
        batches: frames with text, review, rating, class and target; a review lies in one of them, or in
            neighbouring ones.
        taught: `class`: probabilities of the three classes; `rating`: the scaled rating.
    """
    for batch in batches:
        targets = class_targets(batch) if taught == "class" else batch["target"].to_numpy(np.float32)[:, None]
        weights = review_weights(batch["review"].to_numpy()) if taught == "class" else np.ones(len(batch))
        folds = np.full(len(batch), NO_FOLD, np.int8)
        yield Labelled(batch["text"].tolist(), targets, weights.astype(np.float32), folds)


def class_targets(batch: pd.DataFrame) -> NDArray[np.float32]:
    """Shape (n, 3): the class of the rating, softened next to neutral."""
    targets = one_hot(batch["class"].to_numpy())
    lukewarm = batch["rating"].isin(LUKEWARM_RATINGS).to_numpy()
    targets[lukewarm] *= 1 - LUKEWARM
    targets[lukewarm, LABELS.index("neutral")] = LUKEWARM
    return targets


def one_hot(classes: NDArray[np.integer]) -> NDArray[np.float32]:
    """Shape (n, 3)."""
    rows: NDArray[np.float32] = np.eye(len(LABELS), dtype=np.float32)[classes]
    return rows


def review_weights(reviews: NDArray[np.int64]) -> NDArray[np.float64]:
    """The number of sentences of a sentence's review, to the power of -LENGTH_POWER.

    A long review says little with each of its sentences, and would speak loudest.
    """
    _, inverse, counts = np.unique(reviews, return_inverse=True, return_counts=True)
    weights: NDArray[np.float64] = counts[inverse].astype(np.float64) ** -LENGTH_POWER
    return weights


def taught_by_people(human: pd.DataFrame) -> Labelled:
    """Human-labelled sentences, each in a fold, so that a decision can be tuned on what was not learned."""
    critics = human["source"].isin(CRITICS).to_numpy()
    weights = np.where(critics, CRITICS_WEIGHT, HUMAN_WEIGHT).astype(np.float32)
    folds = _folds(human["source"].tolist())
    return Labelled(human["text"].tolist(), one_hot(human["class"].to_numpy(np.int8)), weights, folds)


def _folds(sources: list[str]) -> NDArray[np.int8]:
    """The sentences of each source by turns."""
    seen: Counter[str] = Counter()
    folds = np.empty(len(sources), np.int8)
    for row, source in enumerate(sources):
        folds[row] = seen[source] % FOLDS
        seen[source] += 1
    return folds
