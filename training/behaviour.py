"""Behaviour suites: what a classifier must do, whatever its figures are.

The kinds are those of CheckList (Ribeiro, Wu, Guestrin and Singh, Beyond Accuracy, ACL 2020): minimum
functionality, invariance and direction.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from stream_app.core.scoring import LABELS, Decision
from training.behaviour_cases import (
    COMPLAINTS,
    INTENSIFIERS,
    LUKEWARM,
    NAMES,
    NEGATIONS,
    PRAISE,
    TEMPLATES,
)

Kind = Literal["minimum functionality", "invariance", "direction"]


class Case(NamedTuple):
    """Sentences that are judged together.

    Attributes:
        sentences: one for minimum functionality, variants of one for invariance, the better and the worse one
            for direction.
        label: index into LABELS that minimum functionality asks for.
    """

    sentences: tuple[str, ...]
    label: int | None = None


@dataclass(frozen=True, slots=True)
class Suite:
    """Cases that ask for the same thing.

    Attributes:
        name: in tables.
        kind: what a case passes by: the label asked for, one label for all variants, or a higher score for
            the better sentence.
        cases: what is asked.
        threshold: share of cases that must pass.
    """

    name: str
    kind: Kind
    cases: tuple[Case, ...]
    threshold: float


class SuiteResult(NamedTuple):
    """How a classifier did in a suite.

    Attributes:
        suite: its name.
        kind: its kind.
        cases: how many there were.
        passed: how many of them passed.
        threshold: share that must pass.
        failures: the sentences of those that did not.
    """

    suite: str
    kind: Kind
    cases: int
    passed: int
    threshold: float
    failures: tuple[tuple[str, ...], ...]

    @property
    def rate(self) -> float:
        """Share of the cases that passed."""
        return self.passed / self.cases

    @property
    def ok(self) -> bool:
        """Whether enough of them did."""
        return self.rate >= self.threshold


class Judge(Protocol):
    """What gives a sentence's probabilities: a Scorer, or a Classifier."""

    @property
    def probabilities(self) -> Callable[[Sequence[str]], NDArray[np.float64]]:
        """Shape (sentences, 3) or (sentences, 1)."""
        ...


def _asked(sentences: Sequence[str], label: str) -> Iterator[Case]:
    return (Case((sentence,), LABELS.index(label)) for sentence in sentences)


def _in_cases(sentence: str) -> Case:
    return Case((sentence, sentence.lower(), sentence.upper(), sentence.title()))


def _in_punctuation(sentence: str) -> Case:
    bare = sentence.rstrip(".!")
    return Case((sentence, bare, *(bare + end for end in (".", "!", "!!!", "...", " .")), f'"{sentence}"'))


def _with_names(template: str) -> Case:
    return Case(tuple(template.format(name=name) for name in NAMES))


_PLAIN: Final = tuple(template.format(name=NAMES[0]) for template in TEMPLATES) + PRAISE + COMPLAINTS

# Thresholds are what model 012dcb1a4a7d reached with the worse of the presets `inherited` and `human`
# (in order .97, .93, .90, .95, 1, 1, .81, .81) less about a tenth: luck with a few words must not stop a
# promotion, the loss of an ability must. Case and punctuation mean nothing here and are given a twentieth.
SUITES: Final = (
    Suite("plain praise", "minimum functionality", tuple(_asked(PRAISE, "positive")), 0.9),
    Suite("plain complaints", "minimum functionality", tuple(_asked(COMPLAINTS, "negative")), 0.9),
    Suite("lukewarm", "minimum functionality", tuple(_asked(LUKEWARM, "neutral")), 0.8),
    Suite("names", "invariance", tuple(map(_with_names, TEMPLATES)), 0.85),
    Suite("case", "invariance", tuple(map(_in_cases, _PLAIN)), 0.95),
    Suite("punctuation", "invariance", tuple(map(_in_punctuation, _PLAIN)), 0.95),
    Suite("negation", "direction", tuple(map(Case, NEGATIONS)), 0.7),
    Suite("intensifiers", "direction", tuple(map(Case, INTENSIFIERS)), 0.7),
)


def run(scorer: Judge, decision: Decision) -> list[SuiteResult]:
    """Every suite's result.

    Args:
        scorer: gives probabilities of sentences, each judged alone.
        decision: a sentence's, of the preset in question.
    """
    return [_result(suite, scorer, decision) for suite in SUITES]


def _result(suite: Suite, scorer: Judge, decision: Decision) -> SuiteResult:
    sentences = [sentence for case in suite.cases for sentence in case.sentences]
    probabilities = scorer.probabilities(sentences)
    ends = np.cumsum([len(case.sentences) for case in suite.cases])[:-1]
    labels = np.split(decision.labels(probabilities), ends)
    scores = np.split(decision.scores(probabilities), ends)
    judged = zip(suite.cases, labels, scores, strict=True)
    failures = tuple(
        case.sentences for case, label, score in judged if not _passes(suite.kind, case, label, score)
    )
    passed = len(suite.cases) - len(failures)
    return SuiteResult(suite.name, suite.kind, len(suite.cases), passed, suite.threshold, failures)


def _passes(kind: Kind, case: Case, labels: NDArray[np.int8], scores: NDArray[np.float64]) -> bool:
    if kind == "minimum functionality":
        return bool(labels[0] == case.label)
    if kind == "invariance":
        return len(set(labels.tolist())) == 1
    better, worse = scores
    return bool(better > worse)
