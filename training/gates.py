"""What a challenger must show before it is promoted: gates, each with its figure and its limit."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stream_app.core.manifest import Manifest, Preset
from stream_app.core.scoring import Scorer
from training.behaviour import SuiteResult
from training.bootstrap import Interval, paired_difference
from training.measures import Classes, macro_f1, review_means

MAX_BYTES: Final = 12_000_000
MAX_SPEED_RATIO: Final = 1.5
MAX_LOSS: Final = 0.01
"""How much lower macro-F1 may be on the sentences of one source."""
MIN_SENTENCES: Final = 100
"""Sources with fewer sentences are judged together: there one sentence alone moves macro-F1 by a point."""
SMALL_SOURCES: Final = "small sources together"
PRESET: Final = "inherited"
HUMAN: Final = "human"

GateName = Literal["golden", "holdout", "better", "source", "behaviour", "size", "speed"]


class Gate(msgspec.Struct, frozen=True):
    """One thing that was asked of a challenger.

    Attributes:
        name: which gate.
        of: what the figure is of.
        passed: whether the figure keeps the limit.
        figure: what was measured, for people.
        limit: what was asked, for people.
    """

    name: GateName
    of: str
    passed: bool
    figure: str
    limit: str

    def __str__(self) -> str:
        return f"{self.name}: {self.of}: {self.figure}, expected {self.limit}"


class Contender(NamedTuple):
    """A model as the gates see it."""

    manifest: Manifest
    scorer: Scorer


class Holdout(NamedTuple):
    """What neither model was trained or tuned on.

    Attributes:
        sentences: review after review: text, class, source and review.
        human: sentences with the labels that people gave them: text and class; may be empty.
    """

    sentences: pd.DataFrame
    human: pd.DataFrame


class Verdicts(NamedTuple):
    """Labels of the same holdout by two models."""

    ours: Classes
    theirs: Classes


def compared(challenger: Contender, champion: Contender, holdout: Holdout) -> Iterator[Gate]:
    """The gates that need a reigning champion."""
    seeds = challenger.manifest.training.seed, champion.manifest.training.seed
    same = seeds[0] == seeds[1]
    yield Gate("holdout", "seed of its draw", same, str(seeds[0]), f"the champion's, {seeds[1]}")
    if same:
        yield from _quality(challenger, champion, holdout)


def _quality(challenger: Contender, champion: Contender, holdout: Holdout) -> Iterator[Gate]:
    rows = holdout.sentences
    reviews = rows["review"].to_numpy()
    firsts = np.flatnonzero(np.diff(reviews, prepend=-1))
    sentences, of_reviews = _labels(challenger, champion, rows["text"].tolist(), reviews)
    differences = {
        "sentences": paired_difference(_gold(rows), *sentences, reviews),
        "reviews": paired_difference(_gold(rows)[firsts], *of_reviews, reviews[firsts]),
    }
    if len(holdout.human) and all(HUMAN in model.manifest.decisions for model in (challenger, champion)):
        differences["human labels"] = _of_people(challenger, champion, holdout.human)
    yield better(differences)
    yield from _by_source(_gold(rows), sentences, rows["source"])


def _gold(rows: pd.DataFrame) -> Classes:
    classes: Classes = rows["class"].to_numpy(dtype=np.int8)
    return classes


def _labels(
    challenger: Contender, champion: Contender, texts: Sequence[str], reviews: NDArray[np.int64]
) -> tuple[Verdicts, Verdicts]:
    """Of sentences and of reviews, by both models."""
    labels = []
    for model in (challenger, champion):
        decisions = model.manifest.decisions[PRESET]
        probabilities = model.scorer.probabilities(texts)
        means = review_means(probabilities, reviews)
        labels.append((decisions.sentence.labels(probabilities), decisions.review.labels(means)))
    (ours, our_reviews), (theirs, their_reviews) = labels
    return Verdicts(ours, theirs), Verdicts(our_reviews, their_reviews)


def _of_people(challenger: Contender, champion: Contender, human: pd.DataFrame) -> Interval:
    preset: Preset = HUMAN
    texts = human["text"].tolist()
    ours, theirs = (
        model.manifest.decisions[preset].sentence.labels(model.scorer.probabilities(texts))
        for model in (challenger, champion)
    )
    return paired_difference(_gold(human), ours, theirs, np.arange(len(human)))


def better(differences: Mapping[str, Interval]) -> Gate:
    """For sure better in one respect, and for sure worse in none.

    For sure: the 95 % interval of the paired difference in macro-F1 lies on one side of 0.

    Args:
        differences: the challenger's macro-F1 less the champion's, by what it was measured on.
    """
    passed = any(each.low > 0 for each in differences.values()) and all(
        each.high >= 0 for each in differences.values()
    )
    return Gate(
        "better",
        "macro-F1 less the champion's, with its 95 % interval",
        passed,
        ", ".join(f"{name} {_signed(each)}" for name, each in differences.items()),
        "an interval above 0, and none below 0",
    )


def _signed(interval: Interval) -> str:
    return f"{interval.value:+.4f} [{interval.low:+.4f}, {interval.high:+.4f}]"


def _by_source(gold: Classes, sentences: Verdicts, sources: "pd.Series[str]") -> Iterator[Gate]:
    counts = sources.map(sources.value_counts())
    named = sources.where(counts >= MIN_SENTENCES, SMALL_SOURCES)
    for source in sorted(named.unique()):
        rows = (named == source).to_numpy()
        ours, theirs = (macro_f1(gold[rows], labels[rows]) for labels in sentences)
        yield Gate(
            "source",
            f"macro-F1 on the {rows.sum():,} sentences of {source}",
            ours >= theirs - MAX_LOSS,
            f"{ours:.4f}",
            f"at least {theirs - MAX_LOSS:.4f}, the champion's {theirs:.4f} less {MAX_LOSS:g}",
        )


def behaviour(suites: Sequence[SuiteResult]) -> Iterator[Gate]:
    """A gate for each behaviour suite."""
    for suite in suites:
        yield Gate(
            "behaviour",
            f"share of cases that pass in {suite.suite}",
            suite.ok,
            f"{suite.rate:.3f}",
            f"at least {suite.threshold:.3f}",
        )


def size(artifact: bytes) -> Gate:
    """The artifact is small enough to be fetched and loaded quickly."""
    length = len(artifact)
    return Gate("size", "bytes of the artifact", length <= MAX_BYTES, f"{length:,}", f"at most {MAX_BYTES:,}")


def speed(ratio: float) -> Gate:
    """It takes not much longer than the champion, measured side by side."""
    passed = ratio <= MAX_SPEED_RATIO
    return Gate(
        "speed",
        "time for a sentence over the champion's",
        passed,
        f"{ratio:.2f}",
        f"at most {MAX_SPEED_RATIO}",
    )
