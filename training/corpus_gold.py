"""A corpus in memory, read like a gold layer."""

from collections.abc import Iterator

import pandas as pd

from training.dataset import Corpus
from training.split import Side


class CorpusGold:
    """The sentences of a corpus, in one batch a call."""

    def __init__(self, corpus: Corpus) -> None:
        """Wrap a corpus."""
        self._corpus = corpus

    def batches(self, *sides: Side) -> Iterator[pd.DataFrame]:
        """All sentences of these sides."""
        yield self.side(*sides)

    def side(self, *sides: Side) -> pd.DataFrame:
        """All sentences of these sides as one frame."""
        return self._corpus.side(*sides).join(self._corpus.reviews["rating"], on="review")

    def human(self, *sides: Side) -> pd.DataFrame:
        """Human-labelled sentences of these sides."""
        human = self._corpus.human
        return human[human["side"].isin(sides)].reset_index(drop=True)
