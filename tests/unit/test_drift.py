import math
import threading

import numpy as np
import pytest
from numpy.typing import NDArray

from stream_app.core.drift import Histogram, stability_index
from stream_app.drift import MIN_REVIEWS, DriftWindow

REFERENCE = Histogram((0.0, 0.25, 0.5, 0.75, 1.0), (100, 200, 300, 400))
HOUR = 3600.0


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def window(clock: Clock) -> DriftWindow:
    made = DriftWindow(clock)
    made.compare_with(REFERENCE)
    return made


def like_the_reference(times: int = 10) -> NDArray[np.float64]:
    return np.repeat([0.1, 0.3, 0.6, 0.9], [count * times for count in REFERENCE.counts])


def run_for(window: DriftWindow, clock: Clock, seconds: float, each_minute: NDArray[np.float64]) -> None:
    """Reviews and a scrape each minute."""
    for _ in range(int(seconds // 60)):
        clock.now += 60
        window.observe_all(each_minute)
        window.psi()


def test_values_on_an_edge_fall_where_the_reference_puts_them(window: DriftWindow) -> None:
    values = np.array([0.0, 0.25, 0.5, 0.75, 1.0] * MIN_REVIEWS)
    counts, _ = np.histogram(values, REFERENCE.edges)
    window.observe_all(values)
    assert window.psi() == stability_index(np.array(REFERENCE.counts), counts)


def test_there_is_no_figure_until_there_are_enough_reviews(window: DriftWindow) -> None:
    window.observe_all(np.full(MIN_REVIEWS - 1, 0.9))
    assert math.isnan(window.psi())
    window.observe_all(np.array([0.9]))
    assert window.psi() > 0.25


def test_there_is_no_figure_without_a_reference(clock: Clock) -> None:
    window = DriftWindow(clock)
    window.observe_all(like_the_reference())
    assert math.isnan(window.psi())


def test_reviews_of_the_last_hour_count_and_older_ones_do_not(window: DriftWindow, clock: Clock) -> None:
    run_for(window, clock, HOUR, np.full(100, 0.1))
    assert window.psi() > 0.25
    run_for(window, clock, HOUR / 2, like_the_reference(1))
    assert window.psi() > 0.001, "half of the hour is old"
    run_for(window, clock, HOUR / 2 + 60, like_the_reference(1))
    assert window.psi() == pytest.approx(0, abs=1e-4)


def test_where_few_come_the_window_reaches_back_to_enough(window: DriftWindow, clock: Clock) -> None:
    run_for(window, clock, 5 * HOUR, np.array([0.1, 0.9, 0.9, 0.9]))
    assert window.psi() > 0, "an hour holds 240"


def test_the_snapshots_are_bounded(window: DriftWindow, clock: Clock) -> None:
    run_for(window, clock, 10 * HOUR, like_the_reference(1))
    assert len(window._snapshots) <= 62
    for _ in range(500):
        clock.now += 60
        window.psi()
    assert len(window._snapshots) <= 62


def test_another_model_begins_anew(window: DriftWindow) -> None:
    window.observe_all(np.full(5 * MIN_REVIEWS, 0.1))
    window.compare_with(REFERENCE)
    assert math.isnan(window.psi())
    window.observe_all(like_the_reference())
    assert window.psi() == pytest.approx(0, abs=1e-4)


def test_it_may_be_asked_while_reviews_come_and_models_change(window: DriftWindow) -> None:
    batch = like_the_reference(1)
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            figures.append(window.psi())

    figures: list[float] = []
    thread = threading.Thread(target=ask)
    thread.start()
    for number in range(300):
        window.observe_all(batch)
        if number % 50 == 0:
            window.compare_with(REFERENCE)
    done.set()
    thread.join()
    assert figures
    assert all(math.isnan(figure) or figure == pytest.approx(0, abs=1e-4) for figure in figures)
