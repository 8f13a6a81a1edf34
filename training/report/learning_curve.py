"""What more data would bring: the figure of models trained on shares of the reviews."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from training.bootstrap import Interval
from training.evaluate import Classifier, Evaluation, evaluate
from training.gold import Gold
from training.held_out import NEW_DOMAINS
from training.split import Side

SHARES: Final = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)


class Point(NamedTuple):
    """A model trained on a share of the reviews.

    Attributes:
        reviews: how many it was trained on.
        macro_f1: on sentences of new domains.
    """

    reviews: int
    macro_f1: Interval


@dataclass(frozen=True, slots=True)
class Share(Gold):
    """A gold layer with a part of its reviews to train on, and all others.

    Attributes:
        share: about which part of the reviews trained on stays; a hash of their ids decides.
    """

    share: float = 1.0

    def batches(self, *sides: Side) -> Iterator[pd.DataFrame]:
        """As of the whole layer, less the reviews left out."""
        for rows in Gold.batches(self, *sides):
            kept = rows[(rows["side"] != "train") | (_places(rows["review_id"]) < self.share)]
            if len(kept):
                yield kept

    def side(self, *sides: Side) -> pd.DataFrame:
        """The same as one frame."""
        batches = list(self.batches(*sides))
        return pd.concat(batches, ignore_index=True) if batches else Gold.side(self, *sides).head(0)


def _places(ids: pd.Series) -> pd.Series:
    """A number in [0, 1) for each id, the same in every layer."""
    hashes = pd.util.hash_pandas_object(ids.astype(str), index=False)
    return hashes / float(np.iinfo(np.uint64).max)


def learning_curve(
    fit: Callable[[Gold], Classifier], gold: Gold, shares: Sequence[float] = SHARES
) -> list[Point]:
    """A point for each share; a share with too little to train on is left out.

    Args:
        fit: trains a model on the side `train` and decides on the side `tune`.
        gold: what to train and to measure on.
        shares: parts of the reviews.
    """
    return [point for share in shares for point in _point(fit, Share(gold.folder, share))]


def _point(fit: Callable[[Gold], Classifier], gold: Share) -> Iterator[Point]:
    train = gold.side("train")
    if train["class"].nunique() < gold.side("test")["class"].nunique():
        return
    evaluation = evaluate([fit(gold)], gold)
    yield Point(int(train["review"].nunique()), _figure(evaluation))


def _figure(evaluation: Evaluation) -> Interval:
    return next(
        found.macro_f1
        for found in evaluation.figures
        if (found.dataset, found.level) == (NEW_DOMAINS, "sentence")
    )
