"""Every fault that is not slow, with a fixed seed: the promises are kept."""

import random
from pathlib import Path

import pytest

from tests.faults.judgement import breaches
from tests.faults.scenario import NotHere, Scenario, Stage
from tests.faults.sections import scenarios

pytestmark = [pytest.mark.broker, pytest.mark.faults]

SEED = 1


@pytest.mark.parametrize(
    "scenario", [pytest.param(one, id=one.name) for one in scenarios() if not one.is_slow]
)
def test_the_promises_are_kept(scenario: Scenario, tmp_path: Path) -> None:
    try:
        outcome = scenario.run(Stage(tmp_path, random.Random(SEED)))
    except NotHere as reason:
        pytest.skip(str(reason))
    assert breaches(outcome, "at_least_once", scenario.repeats) == [], f"what it left behind is in {tmp_path}"
