from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from stream_app.core.scoring import Decision
from training.behaviour import SUITES, Suite, SuiteResult, run

ARGMAX = Decision("biases", (0.0, 0.0, 0.0))
LEAST = {"minimum functionality": 60, "invariance": 40, "negation": 40, "intensifiers": 30}


class Words:
    """Judges by a few words, so that every suite's verdict is known."""

    def __init__(self, **classes: int) -> None:
        self.classes = classes

    def probabilities(self, sentences: Sequence[str]) -> NDArray[np.float64]:
        return np.array([self._row(sentence) for sentence in sentences])

    def _row(self, sentence: str) -> NDArray[np.float64]:
        words = sentence.split()
        known = [self.classes[word] for word in words if word in self.classes]
        row: NDArray[np.float64] = np.eye(3)[known[0] if known else 1] * 0.7 + 0.1
        return row


def result(judge: Words, suite: str) -> SuiteResult:
    return next(found for found in run(judge, ARGMAX) if found.suite == suite)


def test_there_are_enough_cases_of_each_kind_and_none_twice() -> None:
    counts = dict.fromkeys(LEAST, 0)
    for suite in SUITES:
        counts[suite.name if suite.kind == "direction" else suite.kind] += len(suite.cases)
    assert {name: count for name, count in counts.items() if count < LEAST[name]} == {}
    for suite in SUITES:
        assert len({case.sentences for case in suite.cases}) == len(suite.cases)


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_a_suite_asks_something_of_every_case(suite: Suite) -> None:
    """A threshold that nothing can miss, or a pair of equal sentences, would ask nothing."""
    assert 0.5 < suite.threshold < 1
    for case in suite.cases:
        expected = {"minimum functionality": 1, "direction": 2}.get(suite.kind)
        assert expected in {None, len(case.sentences)}
        assert len(set(case.sentences)) >= (1 if expected == 1 else 2)
        assert (case.label is not None) == (suite.kind == "minimum functionality")


def test_a_judge_without_an_opinion_passes_only_what_asks_for_none() -> None:
    passed = {found.suite: found.rate for found in run(Words(), ARGMAX)}
    assert passed == {
        "plain praise": 0,
        "plain complaints": 0,
        "lukewarm": 1,
        "names": 1,
        "case": 1,
        "punctuation": 1,
        "negation": 0,
        "intensifiers": 0,
    }


def suite_named(name: str) -> Suite:
    return next(suite for suite in SUITES if suite.name == name)


def test_a_judge_that_goes_by_names_is_found_out() -> None:
    found = result(Words(Priya=2), "names")
    swayed = [case.sentences for case in suite_named("names").cases if "Priya" in case.sentences[2].split()]
    assert found.failures == tuple(swayed)
    assert found.passed == found.cases - len(swayed)
    assert not found.ok


def test_a_judge_that_goes_by_capitals_or_marks_is_found_out() -> None:
    assert result(Words(IT=0), "case").passed < result(Words(), "case").passed
    assert result(Words(fit=2), "punctuation").failures[0][0] == "Great fit."


def test_the_better_sentence_must_have_the_higher_score() -> None:
    right, wrong = (result(Words(**{"not": opinion}), "negation") for opinion in (0, 2))
    of_better, of_worse = (
        sum("not" in case.sentences[place].split() for case in suite_named("negation").cases)
        for place in (0, 1)
    )
    assert (right.passed, wrong.passed) == (of_worse, of_better)
    assert ("I would recommend it.", "I would not recommend it.") in wrong.failures


def test_a_suite_is_passed_at_its_threshold() -> None:
    at = SuiteResult("names", "invariance", 20, 17, 0.85, ())
    assert at.ok
    assert not at._replace(passed=16).ok
