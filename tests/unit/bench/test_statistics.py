import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.statistics import Sample, cpu_us_per_review, median_ratio, quantile, quantiles, rate

finite = st.floats(min_value=0, max_value=1e6, allow_nan=False)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.99, 99), (0.999, 100), (1.0, 100), (0.001, 1)])
def test_quantiles_are_nearest_ranks(share: float, expected: float) -> None:
    assert quantile([float(value) for value in range(100, 0, -1)], share) == expected


@given(st.lists(finite, min_size=1), st.floats(min_value=0.001, max_value=1))
def test_a_quantile_is_the_smallest_value_that_enough_values_do_not_exceed(
    values: list[float], share: float
) -> None:
    found = quantile(values, share)
    enough = share * len(values) - 1e-6
    assert sum(value <= found for value in values) >= enough
    assert sum(value < found for value in values) < enough + 1e-5 or found == min(values)


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 0.0), ([1.0], 1.1)])
def test_no_quantile_of_nothing_and_none_outside_zero_to_one(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="expected values and a share"):
        quantile(values, share)


def test_latency_is_told_in_milliseconds() -> None:
    found = quantiles([number / 1000 for number in range(1, 1001)])
    assert (found.p50, found.p99, found.p999) == pytest.approx((500, 990, 999))


def test_an_even_stream_has_its_rate_wherever_it_starts() -> None:
    appended_ms = np.arange(0, 10_000, 20) + 1_700_000_000_000
    assert rate(np.random.default_rng(1).permutation(appended_ms)) == pytest.approx(50)


@pytest.mark.parametrize("batch", [1, 100, 2_500])
def test_batches_do_not_sway_the_rate(batch: int) -> None:
    """10,000 records at 1,000 per second; a batch comes when the work on all of it is done."""
    appended_ms = (np.arange(10_000) // batch + 1) * batch
    assert rate(appended_ms) == pytest.approx(1_000, rel=0.001)


def test_one_append_has_no_rate() -> None:
    with pytest.raises(ValueError, match="at once"):
        rate(np.array([7, 7, 7]))


def test_start_and_wait_for_the_last_commit_are_not_part_of_the_cpu_time() -> None:
    starting = [Sample(0, 1.0, 0, 0), Sample(0, 2.0, 0, 0)]
    working = [Sample(1_000, 3.0, 0, 0), Sample(3_000, 3.1, 0, 0), Sample(5_000, 3.2, 0, 0)]
    waiting = [Sample(5_000, 3.9, 0, 0)]
    assert cpu_us_per_review([*starting, *working, *waiting]) == pytest.approx(50)


@pytest.mark.parametrize(
    "samples", [[], [Sample(0, 1, 0, 0)], [Sample(0, 1, 0, 0), Sample(9, 2, 0, 0), Sample(9, 3, 0, 0)]]
)
def test_cpu_time_needs_two_looks_at_the_work(samples: list[Sample]) -> None:
    with pytest.raises(ValueError, match="too few samples"):
        cpu_us_per_review(samples)


def test_the_ratio_is_the_median_of_the_rounds_own_ratios() -> None:
    slow_minute = 0.1
    ours = [300.0, 300.0 * slow_minute, 330.0]
    theirs = [100.0, 100.0 * slow_minute, 100.0]
    assert median_ratio(ours, theirs) == pytest.approx(3.0)


def test_rounds_must_come_in_pairs() -> None:
    with pytest.raises(ValueError, match=r"shorter|longer"):
        median_ratio([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="at least one round"):
        median_ratio([], [])
