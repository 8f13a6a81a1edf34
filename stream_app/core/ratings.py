"""What a rating says about a review: a number in [0, 1] and, by thirds, one of the three classes."""

from typing import Final

NEGATIVE: Final = 0
NEUTRAL: Final = 1
POSITIVE: Final = 2

THIRDS: Final = (1 / 3, 2 / 3)


def scaled(rating: float) -> float:
    """The rating on [0, 1] with the fixed end points 1 and 5."""
    return (rating - 1) / 4


def rating_class(rating: float) -> int:
    """0 negative, 1 neutral, 2 positive: thirds of the scaled rating, a value on a cut is neutral."""
    low, high = THIRDS
    value = scaled(rating)
    return NEGATIVE if value < low else POSITIVE if value > high else NEUTRAL
