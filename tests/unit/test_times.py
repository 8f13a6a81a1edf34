from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.times import parse_time, show_time

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
NOW_MS = 1_795_507_200_000


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [
        ("2026-11-24T08:00", NOW_MS),
        ("2026-11-24T08:00:00Z", NOW_MS),
        ("2026-11-24T09:00+01:00", NOW_MS),
        ("2026-11-24", NOW_MS - 8 * 3_600_000),
        ("2026-11-24T08:00:00.250", NOW_MS + 250),
        ("90s", NOW_MS - 90_000),
        ("15m", NOW_MS - 900_000),
        ("2h", NOW_MS - 7_200_000),
        ("3d", NOW_MS - 3 * 86_400_000),
    ],
)
def test_points_in_time_as_people_type_them(text: str, expected_ms: int) -> None:
    assert parse_time(text, NOW) == expected_ms


@pytest.mark.parametrize("text", ["", "yesterday", "2h30m", "-1h", "2026-13-01", "1795507200000"])
def test_what_is_no_time_is_named_with_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no time: expected one like 2026-11-24T08:30") as caught:
        parse_time(text, NOW)
    assert repr(text) in str(caught.value)


@given(st.integers(0, 4_000_000_000))
def test_what_is_shown_can_be_typed(seconds: int) -> None:
    assert parse_time(show_time(seconds * 1000), NOW) == seconds * 1000
