"""A holdout that the small models of `tests.model_folders` can be compared on."""

import pandas as pd

from tests.model_folders import CLASSES, SENTENCES


def holdout(reviews: int = 40, source: str = "shop", first: int = 0) -> pd.DataFrame:
    """Reviews of one sentence for each of SENTENCES, over and over, numbered from `first` on."""
    rows = [
        (text, label, source, first + number)
        for number, (text, label) in enumerate(list(zip(SENTENCES, CLASSES, strict=True)) * reviews)
    ]
    return pd.DataFrame(rows, columns=["text", "class", "source", "review"])
