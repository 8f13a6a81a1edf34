"""Records as the tests make them."""

from typing import NamedTuple


class StoredRecord(NamedTuple):
    """A record of the input topic."""

    value: bytes | None
    key: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    topic: str = "reviews.raw"
    partition: int = 0
    offset: int = 0
    timestamp: int = 1_700_000_000_000
