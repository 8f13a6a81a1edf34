import numpy as np
import pytest

from bench.simulation import STEP_S, Course, Group, simulate, weighted_quantile

GROUP = Group(workers=2, partitions=12, reviews_per_s=1_000)


def test_a_group_that_keeps_up_lets_nobody_wait() -> None:
    outcome = simulate(GROUP, Course(1_900, 30))
    assert (outcome.longest_s, outcome.behind_until_s) == (0, 0)


def test_what_waits_is_drained_by_what_the_group_can_do_beyond_the_load() -> None:
    outcome = simulate(GROUP, Course(500, 60, waiting=30_000))
    assert outcome.behind_until_s == pytest.approx(30_000 / (2_000 - 500), abs=0.2)
    assert outcome.most_waiting == pytest.approx(30_000, rel=0.01)


def test_a_burst_waits_for_as_long_as_it_was_too_much() -> None:
    outcome = simulate(GROUP, Course(1_000, 60, burst=3, burst_from_s=5, burst_to_s=15))
    assert outcome.most_waiting == pytest.approx(10 * (3_000 - 2_000), rel=0.02)
    assert outcome.longest_s == pytest.approx(10_000 / 2_000, rel=0.02)
    assert outcome.behind_until_s == pytest.approx(15 + 10_000 / (2_000 - 1_000), abs=0.3)


def test_partitions_of_a_worker_that_ends_wait_until_they_are_taken_over() -> None:
    outcome = simulate(GROUP, Course(800, 60, ended=1, ended_at_s=5, taken_over_at_s=15))
    assert outcome.most_waiting == pytest.approx(10 * 800 / 2, rel=0.02)
    assert outcome.longest_s == pytest.approx(10, abs=2 * STEP_S)


def test_a_group_that_cannot_keep_up_is_refused() -> None:
    with pytest.raises(ValueError, match="expected none"):
        simulate(GROUP, Course(2_100, 60))


@pytest.mark.parametrize(("share", "expected"), [(0.5, 1.0), (0.9, 1.0), (0.91, 5.0), (1.0, 5.0)])
def test_many_reviews_weigh_more_than_one(share: float, expected: float) -> None:
    assert weighted_quantile(np.array([5.0, 1.0]), np.array([1.0, 9.0]), share) == expected
