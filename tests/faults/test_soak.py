"""A soak of seconds: two workers and the broker are killed at once, by the seed, and the verdict is good."""

import random
from pathlib import Path

import pytest

from tests.faults.scenario import Stage
from tests.faults.soak import soak

pytestmark = [pytest.mark.broker, pytest.mark.faults]

SEED = 1173


def test_a_short_soak_keeps_the_promises(tmp_path: Path) -> None:
    verdict = soak(Stage(tmp_path, random.Random(SEED)), minutes=0.01, per_s=500)
    assert verdict["faults"] == {"worker_kill_9_of_two": 1, "broker_kill_9": 1}
    assert verdict["breaches"] == [], f"what it left behind is in {tmp_path}"
    assert verdict["reviews"] == verdict["results"] + verdict["dead_letters"] > 0
