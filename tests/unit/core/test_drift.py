import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.drift import Histogram, stability_index

COUNTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=20)


def index(reference: list[int], observed: list[int]) -> float:
    return stability_index(np.array(reference), np.array(observed))


def test_the_index_is_the_sum_over_the_bins() -> None:
    # Shares .5 and .5 become .25 and .75, but for half a record in each bin.
    exact = (0.25 - 0.5) * math.log(0.25 / 0.5) + (0.75 - 0.5) * math.log(0.75 / 0.5)
    assert index([100_000, 100_000], [50_000, 150_000]) == pytest.approx(exact, rel=1e-4)


@given(COUNTS, st.integers(2, 5))
def test_a_distribution_has_not_moved_from_itself(counts: list[int], times: int) -> None:
    assert index(counts, counts) == 0
    large = [count + 1000 for count in counts]
    assert index(large, [count * times for count in large]) == pytest.approx(0, abs=1e-3)


@given(COUNTS, st.data())
def test_the_index_is_finite_never_negative_and_the_same_both_ways(
    counts: list[int], draw: st.DataObject
) -> None:
    others = draw.draw(st.lists(st.integers(0, 10_000), min_size=len(counts), max_size=len(counts)))
    assert 0 <= index(counts, others) < math.inf
    assert index(counts, others) == pytest.approx(index(others, counts))


@pytest.mark.parametrize("edges", [(0.0, 1.0), (0.0, 2.0, 1.0), (0.0, 1.0, 1.0)])
def test_edges_that_do_not_fit_are_refused(edges: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="expected ascending numbers, one more than counts"):
        Histogram(edges, (1, 2))
