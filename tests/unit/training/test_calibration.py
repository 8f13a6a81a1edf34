import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from training.calibration import calibration

shares = st.floats(0, 1)


def test_rows_are_gathered_by_tenths_and_the_last_takes_one() -> None:
    predicted = np.array([0.01, 0.09, 0.1, 0.95, 1.0])
    found = calibration(predicted, np.array([0.0, 1.0, 0.1, 1.0, 1.0]))
    assert [each.rows for each in found.bins] == [2, 1, 2]
    assert [each.predicted for each in found.bins] == pytest.approx([0.05, 0.1, 0.975])
    assert [each.observed for each in found.bins] == pytest.approx([0.5, 0.1, 1.0])
    assert found.error == pytest.approx((0.9 + 0.05) / 5)


def test_what_comes_true_as_often_as_said_has_no_error() -> None:
    assert calibration(np.full(10, 0.3), np.array([1.0] * 3 + [0.0] * 7)).error == pytest.approx(0)


def test_too_sure_is_an_error_of_that_size() -> None:
    assert calibration(np.full(100, 0.9), np.tile([1.0, 0.0], 50)).error == pytest.approx(0.4)


@given(st.integers(1, 50).flatmap(lambda size: st.tuples(*[arrays(float, size, elements=shares)] * 2)))
def test_the_error_is_the_mean_of_the_bins(pair: tuple[np.ndarray, np.ndarray]) -> None:
    found = calibration(*pair)
    assert sum(each.rows for each in found.bins) == len(pair[0])
    of_bins = sum(each.rows * abs(each.predicted - each.observed) for each in found.bins)
    assert found.error == pytest.approx(of_bins / len(pair[0]), abs=1e-9)
    assert all(0 <= each.predicted <= 1 + 1e-9 for each in found.bins)
