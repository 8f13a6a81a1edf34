import pytest

from stream_app.core.ratings import rating_class


@pytest.mark.parametrize(
    ("rating", "expected"), [(1, 0), (2, 0), (2.3, 0), (2.5, 1), (3, 1), (3.5, 1), (3.7, 2), (4, 2), (5, 2)]
)
def test_thirds_of_the_scaled_rating_are_the_classes(rating: float, expected: int) -> None:
    assert rating_class(rating) == expected
