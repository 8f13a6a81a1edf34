import pytest

from training.given_ratings import parse_rating


@pytest.mark.parametrize(
    ("given", "rating"),
    [
        (4, 4),
        (2.5, 2.5),
        ("4", 4),
        (" 4.0 ", 4),
        ("4,5", 4.5),
        ("4/5", 4),
        ("4 / 5.0", 4),
        ("4 out of 5 stars", 4),
        ("1 star", 1),
    ],
)
def test_a_number_is_read_however_it_is_written(given: object, rating: float) -> None:
    assert parse_rating(given) == rating


@pytest.mark.parametrize(
    "given",
    [
        "five",
        "8/10",
        "4/50",
        "",
        "4.5.1",
        "-4",
        "4 or 5",
        "0",
        "6",
        0,
        5.01,
        True,
        None,
        [4],
        float("nan"),
    ],
)
def test_anything_else_is_told(given: object) -> None:
    with pytest.raises(ValueError, match="rating: expected a number from 1 to 5, got"):
        parse_rating(given)
