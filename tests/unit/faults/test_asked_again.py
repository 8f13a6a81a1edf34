"""Duplicates that a person has asked for are no breach; too few of them are one."""

import pytest

from stream_app.account import Verdict
from tests.faults.judgement import breaches
from tests.faults.scenario import Guarantee, Outcome


def outcome(duplicates: int, asked_again: int) -> Outcome:
    return Outcome(Verdict(10, 10, 0, 0, duplicates, 0), asked_again=asked_again)


@pytest.mark.parametrize("guarantee", ["at_least_once", "exactly_once"])
@pytest.mark.parametrize(("duplicates", "is_kept"), [(3, False), (4, True), (5, False)])
def test_as_many_as_were_asked_for(guarantee: Guarantee, duplicates: int, is_kept: bool) -> None:
    assert (breaches(outcome(duplicates, 4), guarantee) == []) == is_kept


def test_what_a_kill_may_repeat_comes_on_top() -> None:
    assert breaches(outcome(9, 4), "at_least_once", repeats=5) == []
    assert len(breaches(outcome(10, 4), "at_least_once", repeats=5)) == 1
