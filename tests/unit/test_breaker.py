from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.breaker import PROBE_DELAYS, WINDOW_RECORDS, Breaker, Breakers, ProbeDelays

Slices = list[tuple[int, int]]

slices = st.lists(
    st.integers(1, 300).flatmap(lambda records: st.tuples(st.just(records), st.integers(0, records))),
    max_size=30,
)
limits = st.floats(0, 1)


def share_of_window(seen: Slices) -> float | None:
    """The share in the fewest of the last slices that hold the window; None: there are too few."""
    totals = list(accumulate(records for records, _ in reversed(seen)))
    count = next((number for number, total in enumerate(totals, 1) if total >= WINDOW_RECORDS), None)
    if count is None:
        return None
    window = seen[-count:]
    return sum(dead for _, dead in window) / sum(records for records, _ in window)


def opened(limit: float = 0.2, delays: ProbeDelays = PROBE_DELAYS, now: float = 0.0) -> Breaker:
    breaker = Breaker(limit, delays)
    assert breaker.classified(500, 500, now)
    return breaker


@given(slices, limits)
def test_it_opens_at_the_first_slice_whose_window_is_above_the_limit(seen: Slices, limit: float) -> None:
    breaker = Breaker(limit, PROBE_DELAYS)
    for number, (records, dead) in enumerate(seen, 1):
        share = share_of_window(seen[:number])
        expected = share is not None and share > limit
        assert breaker.classified(records, dead, 0.0) == expected
        assert breaker.state == ("open" if expected else "closed")
        if expected:
            assert breaker.share == share
            return


@given(slices)
def test_a_limit_of_one_switches_it_off(seen: Slices) -> None:
    breaker = Breaker(1.0, PROBE_DELAYS)
    assert not any(breaker.classified(records, dead, 0.0) for records, dead in seen)


@given(st.integers(1, 8), st.floats(1, 60), st.floats(1, 10))
def test_each_probe_in_vain_doubles_the_delay_up_to_the_longest(
    probes: int, first_s: float, factor: float
) -> None:
    delays = ProbeDelays(first_s, first_s * factor)
    breaker, now = opened(delays=delays), 0.0
    for number in range(probes):
        expected_s = min(first_s * 2**number, delays.longest_s)
        assert breaker.delay_s == pytest.approx(expected_s)
        assert not breaker.probe(now + expected_s * 0.99)
        now += expected_s * 1.01
        assert breaker.probe(now)
        assert not breaker.probe(now), "one slice is let through, once"
        assert breaker.classified(10, 10, now)
        assert breaker.state == "open"


def test_the_delays_are_those_of_the_manual() -> None:
    breaker, now, waited = opened(), 0.0, []
    for _ in range(6):
        waited.append(breaker.delay_s)
        now += breaker.delay_s
        breaker.probe(now)
        breaker.classified(1, 1, now)
    assert waited == [30, 60, 120, 240, 300, 300]


@given(st.integers(1, 300), limits.filter(lambda limit: limit < 1), st.data())
def test_the_probes_slice_alone_decides(records: int, limit: float, data: st.DataObject) -> None:
    breaker = opened(limit)
    assert breaker.probe(30.0)
    dead = data.draw(st.integers(0, records))
    assert breaker.classified(records, dead, 30.0)
    assert breaker.state == ("open" if dead / records > limit else "closed")


def test_after_a_clean_probe_it_judges_anew() -> None:
    breaker = opened()
    breaker.probe(30.0)
    breaker.classified(10, 10, 30.0)
    breaker.probe(90.0)
    assert breaker.classified(100, 20, 90.0), "a share at the limit is not above it"
    assert (breaker.state, breaker.delay_s) == ("closed", 30.0)
    assert not breaker.classified(300, 300, 91.0), "these are not yet a window"
    assert breaker.classified(100, 100, 92.0)
    assert (breaker.state, breaker.delay_s) == ("open", 30.0)


def test_while_it_is_open_slices_change_nothing() -> None:
    breaker = opened()
    assert not breaker.classified(500, 0, 10.0)
    assert (breaker.state, breaker.share) == ("open", 1.0)


def test_partitions_are_judged_apart_and_forgotten() -> None:
    breakers: Breakers[str] = Breakers(0.2, PROBE_DELAYS)
    for name in ("a", "b"):
        breakers[name].classified(500, 500, 0.0)
    breakers["c"].classified(500, 0, 0.0)
    assert breakers.open == {"a", "b"}
    breakers.forget(["a", "never seen"])
    assert breakers.open == {"b"}
    assert breakers["a"].state == "closed"
    assert (breakers.probes(29.0), breakers.probes(30.0), breakers.probes(30.0)) == ([], ["b"], [])
    assert breakers.open == set()
