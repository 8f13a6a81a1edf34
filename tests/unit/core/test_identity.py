import re

from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.identity import place_id

places = st.tuples(st.text(max_size=5), st.integers(0, 9), st.integers(0, 2**63 - 1))


def test_an_id_stays_what_it_is_from_release_to_release() -> None:
    assert [place_id("reviews.raw", 3, offset) for offset in (41, 42)] == [
        "a6262561983d0047",
        "445d9f1b17877c5c",
    ]


@given(places, places)
def test_two_places_have_two_ids(one: tuple[str, int, int], other: tuple[str, int, int]) -> None:
    assert (place_id(*one) == place_id(*other)) == (one == other)
    assert re.fullmatch("[0-9a-f]{16}", place_id(*one))
