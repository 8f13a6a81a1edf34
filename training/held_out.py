"""What classifiers are measured on: rows that none of them was trained or tuned on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stream_app.core.manifest import Preset
from stream_app.core.ratings import POSITIVE
from training.gold import Gold
from training.measures import Classes
from training.split import Side

NEW_DOMAINS: Final = "new domains"
FAMILIAR: Final = "familiar domains"
HUMAN: Final = "human: "
INHERITED_SETS: Final[tuple[tuple[str, Side], ...]] = ((NEW_DOMAINS, "test"), (FAMILIAR, "familiar"))

Level = Literal["sentence", "review"]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Sentences to measure on.

    Attributes:
        name: in tables.
        preset: whose decisions apply.
        texts: the sentences.
        gold: their classes.
        targets: in [0, 1]: the scaled rating, or the class of a human label on the same scale.
        sources: where each comes from.
        reviews: the number of each one's review; the sentences of a review are adjacent. None when they
            stand alone.
    """

    name: str
    preset: Preset
    texts: list[str]
    gold: Classes
    targets: NDArray[np.float64]
    sources: NDArray[Any]
    reviews: NDArray[np.int64] | None


@dataclass(frozen=True, slots=True)
class Rows:
    """What is labelled at one level: sentences, or reviews.

    Attributes:
        dataset: name of the held-out set.
        level: sentences one at a time, or reviews by the mean of their sentences.
        preset: whose decisions apply.
        gold: classes, shape (n,).
        targets: in [0, 1], shape (n,).
        sources: where each comes from, shape (n,).
        groups: what is drawn as a whole when figures are resampled: the review; shape (n,).
        lengths: of a sentence in characters, of a review in sentences; shape (n,).
    """

    dataset: str
    level: Level
    preset: Preset
    gold: Classes
    targets: NDArray[np.float64]
    sources: NDArray[Any]
    groups: NDArray[np.int64]
    lengths: NDArray[np.int64]


def held_out_sets(gold: Gold) -> Iterator[HeldOut]:
    """The halves that decisions were not tuned on, and dev reviews of domains trained on."""
    for name, side in INHERITED_SETS:
        rows = gold.side(side)
        if len(rows):
            yield _held_out(name, "inherited", rows, rows["target"].to_numpy(), rows["review"].to_numpy())
    for source, rows in gold.human("test").groupby("source"):
        yield _held_out(f"{HUMAN}{source}", "human", rows, rows["class"].to_numpy() / POSITIVE, None)


def _held_out(
    name: str,
    preset: Preset,
    rows: pd.DataFrame,
    targets: NDArray[np.float64],
    reviews: NDArray[np.int64] | None,
) -> HeldOut:
    classes = rows["class"].to_numpy(dtype=np.int8)
    sources = rows["source"].to_numpy(dtype=str)
    return HeldOut(name, preset, rows["text"].tolist(), classes, targets, sources, reviews)


def sentence_rows(held_out: HeldOut) -> Rows:
    """Each sentence alone."""
    alone = np.arange(len(held_out.texts), dtype=np.int64)
    return Rows(
        held_out.name,
        "sentence",
        held_out.preset,
        held_out.gold,
        held_out.targets,
        held_out.sources,
        alone if held_out.reviews is None else held_out.reviews,
        np.array([len(text) for text in held_out.texts], np.int64),
    )


def review_rows(held_out: HeldOut, reviews: NDArray[np.int64]) -> Rows:
    """Each review as a whole, whose class and target are those of its sentences."""
    numbers, first, counts = np.unique(reviews, return_index=True, return_counts=True)
    return Rows(
        held_out.name,
        "review",
        held_out.preset,
        held_out.gold[first],
        held_out.targets[first],
        held_out.sources[first],
        numbers,
        counts.astype(np.int64),
    )
