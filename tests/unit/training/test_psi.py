import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.drift import Histogram
from training.psi import bins, psi, psi_noise


def histogram(*counts: int) -> Histogram:
    return Histogram(tuple(float(edge) for edge in range(len(counts) + 1)), counts)


counts = st.lists(st.integers(0, 1000), min_size=4, max_size=4).filter(any)


def test_it_is_the_sum_that_the_books_give() -> None:
    expected = (0.4 - 0.5) * np.log(0.4 / 0.5) + (0.6 - 0.5) * np.log(0.6 / 0.5)
    assert psi(histogram(50, 50), histogram(40, 60)) == pytest.approx(expected)


@given(counts, counts)
def test_it_is_never_negative_and_the_same_both_ways(one: list[int], other: list[int]) -> None:
    both = histogram(*one), histogram(*other)
    assert psi(*both) >= 0
    assert psi(*both) == pytest.approx(psi(*reversed(both)))


@given(counts, st.integers(2, 9))
def test_a_window_of_the_same_shares_has_none(one: list[int], times: int) -> None:
    assert psi(histogram(*one), histogram(*(count * times for count in one))) == pytest.approx(0, abs=0.02)


def test_a_bin_that_nobody_fills_says_nothing() -> None:
    filled = histogram(50, 50), histogram(40, 60)
    padded = histogram(50, 0, 50, 0), histogram(40, 0, 60, 0)
    assert psi(*padded) == psi(*filled)
    assert bins(*padded) == 2


def test_a_bin_that_only_one_fills_is_finite_and_much() -> None:
    assert 1 < psi(histogram(100, 0), histogram(50, 50)) < 10


def test_without_a_shift_it_stays_below_the_noise_99_times_of_100() -> None:
    random = np.random.default_rng(1)
    shares = random.dirichlet(np.full(10, 5.0))
    over = 0
    for _ in range(1000):
        reference, window = random.multinomial(3000, shares), random.multinomial(300, shares)
        over += psi(histogram(*reference.tolist()), histogram(*window.tolist())) > psi_noise(10, 300, 3000)
    assert 0 < over < 30
