import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.identity import place_ids

places = st.tuples(st.text(max_size=5), st.integers(0, 9), st.integers(0, 2**63 - 1))


def place_id(topic: str, partition: int, offset: int) -> int:
    return int(place_ids(topic, np.array([[partition, offset, 0]], np.int64))[0])


def test_an_id_stays_what_it_is_from_release_to_release() -> None:
    several = np.array([[3, 41, 0], [3, 42, 0], [4, 42, 0]], np.int64)
    assert [f"{number:016x}" for number in place_ids("reviews.raw", several).tolist()] == [
        "a6262561983d0047",
        "445d9f1b17877c5c",
        "1d4e3f92a3b05b31",
    ]


@given(places, places)
def test_two_places_have_two_ids(one: tuple[str, int, int], other: tuple[str, int, int]) -> None:
    assert (place_id(*one) == place_id(*other)) == (one == other)
