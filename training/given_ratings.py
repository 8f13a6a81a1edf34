"""Ratings as people write them."""

import re
from typing import Final

from training.layer_schemas import MAX_RATING, MIN_RATING

_RATING: Final = re.compile(
    r"\s*(\d+(?:[.,]\d+)?)\s*(?:(?:/|out of)\s*5(?:[.,]0+)?)?\s*(?:stars?)?\s*", re.IGNORECASE
)


def parse_rating(given: object) -> float:
    """The rating as a number: of 4, "4", "4.0", "4,5", "4/5", "4 out of 5" or "4 stars".

    Raises:
        ValueError: it is none from 1 to 5.
    """
    value = _number(given)
    if value is None or not MIN_RATING <= value <= MAX_RATING:
        raise ValueError(
            f"rating: expected a number from {MIN_RATING} to {MAX_RATING}, got {str(given)[:40]!r}"
        )
    return value


def _number(given: object) -> float | None:
    if isinstance(given, str):
        match = _RATING.fullmatch(given)
        return float(match[1].replace(",", ".")) if match else None
    return float(given) if isinstance(given, int | float) and not isinstance(given, bool) else None
