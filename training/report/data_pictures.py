"""Pictures of the data, before any model."""

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from stream_app.core.scoring import LABELS
from training.report.pictures import BLUE, COLOURS, drawn

RATINGS: Final = np.arange(0.75, 5.5, 0.5)
MOST_SENTENCES: Final = 25


def ratings(reviews: pd.DataFrame) -> Figure:
    """How many reviews have each rating."""
    with drawn(4.6, 3.0) as (figure, (axes,)):
        axes.hist(reviews["rating"], RATINGS.tolist(), color=BLUE)
        axes.set(xlabel="rating", ylabel="reviews")
    return figure


def class_shares(shares: pd.DataFrame) -> Figure:
    """The classes of each source, side by side to one."""
    with drawn(6.4, 0.9 + 0.35 * len(shares)) as (figure, (axes,)):
        left = np.zeros(len(shares))
        for label in (label for label in LABELS if label in shares):
            axes.barh(shares.index, shares[label], left=left, color=COLOURS[label], label=label)
            left += shares[label].to_numpy()
        axes.set(xlabel="share of the reviews", xlim=(0, 1))
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=8)
    return figure


def sentences_per_review(reviews: pd.DataFrame) -> Figure:
    """How many sentences reviews have; the last bar holds all longer ones."""
    counts = reviews["sentences"].clip(upper=MOST_SENTENCES)
    edges = (np.arange(MOST_SENTENCES + 1) + 0.5).tolist()
    with drawn(4.6, 3.0) as (figure, (axes,)):
        axes.hist(counts, edges, color=BLUE)
        axes.set(xlabel="sentences", ylabel="reviews")
    return figure
