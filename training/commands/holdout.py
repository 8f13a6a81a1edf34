"""The reviews of a folder, and their frozen holdout for whoever compares two models."""

from pathlib import Path

import pandas as pd

from stream_app.bundled import bundled
from training.commands.steps import Announce
from training.dataset import Corpus, read_corpus
from training.registry import Holdout


def read_reviews(data: Path | None, seed: int, announce: Announce) -> Corpus:
    """What there is to train and to measure on: in the folder, or in the sample."""
    folder = data or bundled("womens_clothing_sample.jsonl.gz").parent
    announce(f"reading {folder}")
    return read_corpus(folder, seed)


def holdout_of(data: Path | None, announce: Announce) -> Holdout:
    """Reads the sentences of the side `test`: of domains that no model trains on, the half not tuned on."""

    def read(seed: int) -> pd.DataFrame:
        return read_reviews(data, seed, announce).side("test")

    return read
