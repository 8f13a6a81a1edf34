"""The classifiers that are measured beside each other."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from stream_app.core.manifest import Manifest, PresetDecisions
from stream_app.core.scoring import Decision
from stream_app.model_store import load_model, read_manifest
from training.evaluate import Classifier
from training.train import Trained

MODEL: Final = "model"
CHAMPION: Final = "champion"
SEED: Final = "seed"
SEED_TUNED: Final = "seed, tuned"
VADER: Final = "VADER"
DESCRIPTIONS: Final = {
    SEED: "a regression of the scaled rating through a sigmoid, with cuts at 1/3 and 2/3",
    SEED_TUNED: "the same with cuts tuned on held-out reviews",
    VADER: "Hutto and Gilbert, ICWSM 2014, with its authors' thresholds",
}


def of_model(name: str, trained: Trained) -> Classifier:
    """A model just trained, with the decisions tuned for it."""
    return Classifier(name, trained.scorer.probabilities, trained.decisions)


def of_folder(folder: Path, name: str) -> tuple[Classifier, Manifest]:
    """The model of a folder with all of its presets.

    Raises:
        ModelError: there is no whole model in it.
    """
    manifest = read_manifest(folder)
    scorer = load_model(folder, next(iter(manifest.decisions))).scorer
    return Classifier(name, scorer.probabilities, manifest.decisions), manifest


def line_up(ours: Classifier, champion: Classifier | None, seed: Trained) -> list[Classifier]:
    """What is measured side by side: a model, the reigning champion, the seed recipe and VADER.

    Args:
        ours: the model in question.
        champion: None when there is none, or ours is it.
        seed: the seed recipe, trained on the same reviews.
    """
    own_cuts = dict.fromkeys(seed.decisions, seed.decisions["seed"])
    return [
        ours,
        *([champion] if champion else []),
        of_model(SEED_TUNED, seed),
        Classifier(SEED, seed.scorer.probabilities, own_cuts),
        vader(),
    ]


def vader() -> Classifier:
    """VADER's compound score, brought to [0, 1], with its authors' thresholds of -.05 and .05.

    Hutto and Gilbert, VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text,
    ICWSM 2014. A review's score is the mean of its sentences'.
    """
    analyzer = SentimentIntensityAnalyzer()

    def scores(sentences: Sequence[str]) -> NDArray[np.float64]:
        compound = [analyzer.polarity_scores(sentence)["compound"] for sentence in sentences]
        return (np.array(compound, np.float64)[:, np.newaxis] + 1) / 2

    decision = Decision("cuts", ((1 - 0.05) / 2, (1 + 0.05) / 2))
    decisions = PresetDecisions(decision, decision)
    return Classifier(VADER, scores, {"inherited": decisions, "human": decisions})
