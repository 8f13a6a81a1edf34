"""Measure classifiers on what none of them was trained or tuned on, each sentence judged alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from stream_app.core.manifest import Metric, Preset, PresetDecisions
from stream_app.core.scoring import Decision
from training.gold import Gold
from training.measures import Classes, macro_f1, review_means
from training.split import Side
from training.train import Trained

NEW_DOMAINS: Final = "new domains"
FAMILIAR: Final = "familiar domains"
SETS: Final[tuple[tuple[str, Side], ...]] = ((NEW_DOMAINS, "test"), (FAMILIAR, "familiar"))
# Classes that a sentence inherits from its review are noisy: what reads one sentence at a time and yet gets
# beyond this has seen the review.
LEAK_LIMIT: Final = 0.63


class Classifier(NamedTuple):
    """What can be measured.

    Attributes:
        name: in tables.
        probabilities: of sentences, shape (n, 3) or (n, 1).
        decisions: per preset.
    """

    name: str
    probabilities: Callable[[Sequence[str]], NDArray[np.float64]]
    decisions: Mapping[Preset, PresetDecisions]


class Measurement(NamedTuple):
    """A figure, and of which classifier."""

    classifier: str
    metric: Metric


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Sentences to measure on.

    Attributes:
        name: in tables.
        preset: whose decisions apply.
        texts: the sentences.
        gold: their classes.
        reviews: per sentence, the number of its review; None when they stand alone.
    """

    name: str
    preset: Preset
    texts: list[str]
    gold: Classes
    reviews: NDArray[np.int64] | None


def measure(classifiers: Sequence[Classifier], gold: Gold) -> list[Measurement]:
    """All figures of all classifiers, data set after data set."""
    return [
        Measurement(classifier.name, metric)
        for held_out in held_out_sets(gold)
        for classifier in classifiers
        if held_out.preset in classifier.decisions
        for metric in _metrics(classifier, held_out)
    ]


def held_out_sets(gold: Gold) -> Iterator[HeldOut]:
    """The halves that decisions were not tuned on, and dev reviews of domains trained on."""
    for name, side in SETS:
        rows = gold.side(side)
        if len(rows):
            yield _held_out(name, "inherited", rows, rows["review"].to_numpy())
    for source, rows in gold.human("test").groupby("source"):
        yield _held_out(f"human: {source}", "human", rows, None)


def _held_out(name: str, preset: Preset, rows: pd.DataFrame, reviews: NDArray[np.int64] | None) -> HeldOut:
    return HeldOut(name, preset, rows["text"].tolist(), rows["class"].to_numpy(dtype=np.int8), reviews)


def _metrics(classifier: Classifier, held_out: HeldOut) -> Iterator[Metric]:
    decisions = classifier.decisions[held_out.preset]
    probabilities = classifier.probabilities(held_out.texts)
    f1 = macro_f1(held_out.gold, decisions.sentence.labels(probabilities))
    yield Metric(held_out.name, "sentence", held_out.preset, round(f1, 4), len(held_out.gold))
    if held_out.reviews is not None:
        first = np.flatnonzero(np.diff(held_out.reviews, prepend=-1))
        labels = decisions.review.labels(review_means(probabilities, held_out.reviews))
        f1 = macro_f1(held_out.gold[first], labels)
        yield Metric(held_out.name, "review", held_out.preset, round(f1, 4), len(first))


def of_model(name: str, trained: Trained) -> Classifier:
    """A model just trained, with the decisions tuned for it."""
    return Classifier(name, trained.scorer.probabilities, trained.decisions)


def baselines(seed: Trained) -> list[Classifier]:
    """What a model is measured beside: the seed recipe with its own cuts and with tuned ones, and VADER."""
    own = dict.fromkeys(seed.decisions, seed.decisions["seed"])
    return [
        of_model("seed, tuned", seed),
        Classifier("seed", seed.scorer.probabilities, own),
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
    return Classifier("VADER", scores, {"inherited": decisions, "human": decisions})


def leaks(measurements: Sequence[Measurement]) -> list[Measurement]:
    """Figures too good to be true of sentences judged alone."""
    return [
        measurement
        for measurement in measurements
        if measurement.metric.level == "sentence"
        and measurement.metric.preset == "inherited"
        and measurement.metric.macro_f1 > LEAK_LIMIT
    ]
