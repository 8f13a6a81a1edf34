"""Every fault that is not slow, with a fixed seed, and a soak of seconds: the promises are kept."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.judgement import breaches
from tests.faults.scenario import NotHere, Scenario, Stage
from tests.faults.sections import scenarios
from tests.faults.soak import soak

pytestmark = [pytest.mark.broker, pytest.mark.faults]

KEPT = Path(__file__).parents[2] / "reports" / "faults"
SEED = 1
TWO_WORKERS_AND_THE_BROKER = 1173
"""The seed that kills them at once, first of all."""


@pytest.fixture
def folder(request: pytest.FixtureRequest) -> Iterator[Path]:
    """What a run leaves behind; it stays there when the test fails."""
    made = KEPT / f"{request.node.name}"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    failed_before = request.session.testsfailed
    yield made
    if request.session.testsfailed == failed_before:
        shutil.rmtree(made)


@pytest.mark.parametrize(
    "scenario", [pytest.param(one, id=one.name) for one in scenarios() if not one.is_slow]
)
def test_the_promises_are_kept(scenario: Scenario, folder: Path) -> None:
    try:
        outcome = scenario.run(Stage(folder, random.Random(SEED)))
    except NotHere as reason:
        pytest.skip(str(reason))
    untimed = outcome._replace(
        recovered_s=None
    )  # a busy machine is slow; `python -m tests.faults` judges time
    assert breaches(untimed, "at_least_once", scenario.repeats) == [], f"what it left behind is in {folder}"


def test_a_short_soak_keeps_the_promises(folder: Path) -> None:
    verdict = soak(Stage(folder, random.Random(TWO_WORKERS_AND_THE_BROKER)), minutes=0.01, per_s=500)
    assert verdict["faults"] == {"worker_kill_9_of_two": 1, "broker_kill_9": 1}
    assert verdict["breaches"] == [], f"what it left behind is in {folder}"
    assert verdict["reviews"] == verdict["results"] + verdict["dead_letters"] > 0
