"""Measure classifiers on what none of them was trained or tuned on, each sentence judged alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_app.core.manifest import Metric, Preset, PresetDecisions
from stream_app.core.scoring import Decision
from training.bootstrap import Resamples
from training.figures import Figures, Judgement, figures
from training.gold import Gold
from training.held_out import HeldOut, Rows, held_out_sets, review_rows, sentence_rows
from training.measures import review_means

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


@dataclass(frozen=True, slots=True)
class Judged:
    """Rows of a held-out set at one level, and what each classifier says of them.

    Attributes:
        rows: what was labelled.
        texts: the sentences, where the rows are sentences; else empty.
        judgements: by name of the classifier, in the order in which they were given. Those without decisions
            for the preset of the rows are left out.
    """

    rows: Rows
    texts: tuple[str, ...]
    judgements: dict[str, Judgement]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What classifiers said, and how good that is.

    Attributes:
        judged: set by set, sentences before reviews.
        figures: of each classifier on each of them, in the same order.
    """

    judged: tuple[Judged, ...]
    figures: tuple[Figures, ...]

    def metrics(self, classifier: str) -> list[Metric]:
        """The figures of one classifier as a manifest states them."""
        return [found.metric for found in self.figures if found.classifier == classifier]

    @property
    def leaks(self) -> list[Figures]:
        """Figures too good to be true of sentences judged alone."""
        return [found for found in self.figures if _is_leak(found)]


def _is_leak(found: Figures) -> bool:
    of_sentences = found.level == "sentence" and found.preset == "inherited"
    return of_sentences and found.macro_f1.value > LEAK_LIMIT


def evaluate(classifiers: Sequence[Classifier], gold: Gold) -> Evaluation:
    """Let every classifier judge every held-out set of a gold layer.

    Args:
        classifiers: with names that differ.
        gold: its sides `test` and `familiar` are measured on.
    """
    judged = [each for held_out in held_out_sets(gold) for each in _judged(classifiers, held_out)]
    return Evaluation(tuple(judged), tuple(found for each in judged for found in _figures(each)))


def _judged(classifiers: Sequence[Classifier], held_out: HeldOut) -> Iterator[Judged]:
    able = [classifier for classifier in classifiers if held_out.preset in classifier.decisions]
    rows = {each.name: each.probabilities(held_out.texts) for each in able}
    decisions = {each.name: each.decisions[held_out.preset] for each in able}
    of_sentences = {name: _judgement(found, decisions[name].sentence) for name, found in rows.items()}
    yield Judged(sentence_rows(held_out), tuple(held_out.texts), of_sentences)
    reviews = held_out.reviews
    if reviews is not None:
        means = {name: review_means(found, reviews) for name, found in rows.items()}
        of_reviews = {name: _judgement(found, decisions[name].review) for name, found in means.items()}
        yield Judged(review_rows(held_out, reviews), (), of_reviews)


def _judgement(probabilities: NDArray[np.float64], decision: Decision) -> Judgement:
    return Judgement(decision.labels(probabilities), decision.scores(probabilities), probabilities)


def _figures(judged: Judged) -> Iterator[Figures]:
    resamples = Resamples(judged.rows.groups)
    for name, judgement in judged.judgements.items():
        yield figures(name, judged.rows, judgement, resamples)
