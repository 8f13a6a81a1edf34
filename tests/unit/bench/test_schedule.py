import math

from hypothesis import given
from hypothesis import strategies as st

from bench.schedule import Schedule

schedules = st.builds(
    Schedule,
    start_s=st.floats(min_value=0, max_value=1e6),
    rate=st.floats(min_value=0.1, max_value=1e5),
    reviews=st.integers(min_value=1, max_value=10_000),
)


def test_reviews_are_due_at_even_distances() -> None:
    schedule = Schedule(start_s=10.0, rate=4.0, reviews=8)
    assert [schedule.intended(number) for number in range(3)] == [10.0, 10.25, 10.5]
    assert schedule.end_s == 11.75


def test_a_stall_leaves_all_that_was_meant_to_be_sent_in_it_due_at_once() -> None:
    schedule = Schedule(start_s=10.0, rate=4.0, reviews=100)
    assert schedule.due(9.9) == 0
    assert schedule.due(10.0) == 1
    assert schedule.due(12.0) == 9


def test_no_more_is_due_than_there_is() -> None:
    assert Schedule(start_s=0.0, rate=4.0, reviews=8).due(1_000.0) == 8


@given(schedules, st.integers(min_value=0, max_value=9_999))
def test_a_review_is_due_at_its_intended_time_and_not_before_it(schedule: Schedule, number: int) -> None:
    number %= schedule.reviews
    intended = schedule.intended(number)
    assert schedule.due(intended) > number
    assert all(schedule.intended(sent) <= intended for sent in range(schedule.due(intended))[-2:])


@given(schedules, st.floats(min_value=-10, max_value=1e6))
def test_everything_due_was_intended_by_now_and_nothing_else(schedule: Schedule, later_s: float) -> None:
    now_s = schedule.start_s + later_s
    due = schedule.due(now_s)
    assert due == 0 or schedule.intended(due - 1) <= now_s
    assert due == schedule.reviews or schedule.intended(due) > now_s


def test_rounding_sends_no_review_early() -> None:
    schedule = Schedule(start_s=1.5604927306123173, rate=3.0, reviews=1_000)
    assert schedule.due(math.nextafter(schedule.intended(136), 0.0)) == 136
