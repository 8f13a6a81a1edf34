"""Known inputs: numbered reviews, of which some are poison, in an order that each key can be asked about.

Number n has the key n % 97: within a key, numbers grow as they are fed.
"""

import re
from collections.abc import Iterator
from typing import Final

from stream_app.core.messages import ReviewResult
from tests.stream import FeedRecord, reviews

_KEYS: Final = 97  # as in tests.stream.reviews
_POISON: Final = re.compile(rb"\xffpoison (\d+)")


def inputs(count: int, start: int = 0, poison_every: int = 0) -> Iterator[FeedRecord]:
    """Numbered records; with `poison_every` each so many-th is poison."""
    for number, (key, value) in enumerate(reviews(count, start), start):
        yield key, b"\xffpoison %d" % number if is_poison(number, poison_every) else value


def is_poison(number: int, poison_every: int) -> bool:
    """Whether the input of this number is poison."""
    return poison_every > 0 and number % poison_every == poison_every - 1


def key_of(number: int) -> bytes:
    """The key of the input of this number."""
    return b"k%d" % (number % _KEYS)


def number_of_result(result: ReviewResult) -> int | None:
    """The number of the input; None where it is none of ours."""
    found = re.fullmatch(r"r(\d+)", result.review_id)
    return int(found[1]) if found else None


def number_of_poison(value: bytes | None) -> int | None:
    """The number of the input in a dead letter's value; None where it is none of ours, or no poison."""
    found = _POISON.fullmatch(value or b"")
    return int(found[1]) if found else None
