"""A holdout that the small models of `tests.model_folders` can be compared on."""

import pandas as pd

from tests.model_folders import CLASSES, SENTENCES
from training.gates import Holdout

NO_LABELS = pd.DataFrame({"text": [], "class": []})


def sentences(reviews: int = 40, source: str = "shop", first: int = 0) -> pd.DataFrame:
    """Reviews of one sentence for each of SENTENCES, over and over, numbered from `first` on."""
    rows = [
        (text, label, source, first + number)
        for number, (text, label) in enumerate(list(zip(SENTENCES, CLASSES, strict=True)) * reviews)
    ]
    return pd.DataFrame(rows, columns=["text", "class", "source", "review"])


def holdout(*parts: pd.DataFrame, human: pd.DataFrame = NO_LABELS) -> Holdout:
    """The parts together, or those of `sentences`."""
    return Holdout(pd.concat(parts, ignore_index=True) if parts else sentences(), human)
