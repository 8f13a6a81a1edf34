"""What a gold layer holds: counts, lengths, and how far inherited classes can be trusted."""

from typing import Final

import pandas as pd

from stream_app.core.scoring import LABELS
from training.gold import Gold
from training.split import Side

SIDES: Final[tuple[Side, ...]] = ("train", "tune", "test", "familiar")
QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def reviews_of(gold: Gold) -> pd.DataFrame:
    """A row for each review: source, domain, side, rating, class (a label) and number of sentences."""
    columns = ["review", "source", "domain", "side", "rating", "class"]
    batches = [batch[columns] for batch in gold.batches(*SIDES)]
    sentences = pd.concat(batches, ignore_index=True)
    counts = sentences["review"].value_counts().rename("sentences")
    reviews = sentences.drop_duplicates("review").join(counts, on="review")
    return reviews.assign(**{"class": reviews["class"].map(dict(enumerate(LABELS)))}).set_index("review")


def counts_by_side(reviews: pd.DataFrame) -> pd.DataFrame:
    """Reviews by source and side."""
    return pd.crosstab(reviews["source"], reviews["side"])


def class_shares(reviews: pd.DataFrame) -> pd.DataFrame:
    """The share of each class in the reviews of each source."""
    return pd.crosstab(reviews["source"], reviews["class"], normalize="index")


def length_quantiles(gold: Gold) -> pd.DataFrame:
    """Count, mean and quantiles of the characters of a sentence, by source."""
    batches = [
        pd.DataFrame({"source": batch["source"], "characters": batch["text"].str.len()})
        for batch in gold.batches(*SIDES)
    ]
    lengths = pd.concat(batches, ignore_index=True)
    return lengths.groupby("source")["characters"].describe(percentiles=list(QUANTILES))


def recurring_sentences(gold: Gold, least: int = 3) -> pd.DataFrame:
    """Sentences trained on that recur, compared case-folded, and how their inherited classes disagree.

    Returns:
        The sentences that occur `least` times or more, most frequent first: how often, and which share has
        each class. They are whole sentences of any source: not to be stored or passed on.
    """
    rows = gold.side("train")
    labels = rows["class"].map(dict(enumerate(LABELS)))
    counts = pd.crosstab(rows["text"].str.casefold().str.strip(), labels)
    counts = counts.reindex(columns=list(LABELS), fill_value=0)
    times = counts.sum(axis=1)
    shares = counts.div(times, axis=0).assign(times=times)
    return shares[shares["times"] >= least].sort_values("times", ascending=False, kind="stable")
