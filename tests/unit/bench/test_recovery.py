import numpy as np
import pytest

from bench.account import key_of
from bench.cluster import Output
from bench.recovery import LIVE_RATE, judge
from bench.schedule import Schedule
from bench.statistics import Sample

WAITING = 10_000
CLOCK_S = 1_000_000.0
SAMPLES = [
    Sample(0, 1.0, 250_000_000, 0),
    Sample(2_000, 1.1, 300_000_000, 0),
    Sample(9_000, 1.2, 310_000_000, 0),
    Sample(WAITING, 1.3, 305_000_000, 0),
]


def output(schedule: Schedule, drained_at_s: float, latency_s: float) -> Output:
    """A drain at an even pace, and behind it each review that came meanwhile, so late."""
    old_ms = np.linspace(1_000, drained_at_s * 1_000, WAITING) + CLOCK_S * 1_000
    sent_s = np.array([schedule.intended(number) for number in range(schedule.reviews)])
    new_ms = (np.maximum(sent_s, drained_at_s) + latency_s + CLOCK_S) * 1_000
    keys: list[bytes | None] = [key_of(number) for number in range(WAITING + schedule.reviews)]
    return Output(keys, np.concatenate([old_ms, new_ms]).astype(np.int64), 0, [])


def test_the_drain_and_what_comes_after_it_are_told_apart() -> None:
    schedule = Schedule(0.0, LIVE_RATE, 10 * LIVE_RATE)
    run = judge(output(schedule, drained_at_s=5.0, latency_s=0.008), SAMPLES, schedule, WAITING, CLOCK_S)
    assert run.valid
    assert run.drained_s == pytest.approx(4.0)
    assert run.reviews_per_s == pytest.approx(WAITING / 4, rel=0.01)
    assert (run.early_memory_mb, run.memory_mb) == (300.0, 310.0)
    assert run.normal.p99 == pytest.approx(8, abs=1)
    assert run.just_after.p50 == pytest.approx(8, abs=1)


def test_a_lost_review_is_seen() -> None:
    schedule = Schedule(0.0, LIVE_RATE, 10 * LIVE_RATE)
    keys, appended_ms, *_ = output(schedule, 5.0, 0.008)
    run = judge(Output(keys[1:], appended_ms[1:], 0, []), SAMPLES, schedule, WAITING, CLOCK_S)
    assert (run.valid, run.account.lost) == (False, 1)


def test_a_drain_that_lasts_to_the_end_has_no_after() -> None:
    schedule = Schedule(0.0, LIVE_RATE, 6 * LIVE_RATE)
    with pytest.raises(ValueError, match="expected reviews sent after the drain"):
        judge(output(schedule, 5.0, 0.008), SAMPLES, schedule, WAITING, CLOCK_S)
