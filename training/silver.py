"""The silver layer on disk: clean reviews, labelled sentences, quarantine, and the account of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from training.errors import DatasetError

REVIEWS: Final = "reviews.parquet"
LABELLED_FILE: Final = "labelled.parquet"
QUARANTINE_FILE: Final = "quarantine.parquet"
MANIFEST: Final = "silver.json"


class SilverManifest(Struct, frozen=True):
    """What a silver layer says of itself.

    Attributes:
        made_of: fingerprint of the rows of bronze and of the code that cleaned them.
        received: rows of bronze.
        reviews: rows of silver.
        labelled: sentences with labels of people.
        quarantined: rows in quarantine by reason.
        duplicates: reviews marked as such.
        title_repeats: reviews whose title adds nothing.
        not_english: reviews by their language, where that is not English.
    """

    made_of: str
    received: int
    reviews: int
    labelled: int
    quarantined: Mapping[str, int]
    duplicates: int
    title_repeats: int
    not_english: Mapping[str, int]

    def __str__(self) -> str:
        parts = [
            f"{self.received:,} rows: {self.reviews:,} clean reviews, {self.labelled:,} labelled sentences",
            f"{sum(self.quarantined.values()):,} in quarantine{_listed(self.quarantined)}",
            f"{sum(self.not_english.values()):,} reviews not English{_listed(self.not_english)}",
            f"{self.duplicates:,} duplicates",
            f"{self.title_repeats:,} titles that repeat the text",
        ]
        return "; ".join(parts)


def _listed(counts: Mapping[str, int]) -> str:
    listed = ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))
    return f" ({listed})" if listed else ""


def read_silver(folder: Path) -> SilverManifest:
    """The account of a silver folder.

    Raises:
        DatasetError: there is none, or it is damaged.
    """
    path = folder / MANIFEST
    try:
        return msgspec.json.decode(path.read_bytes(), type=SilverManifest)
    except FileNotFoundError as error:
        raise DatasetError(f"{path}: missing, expected what `stream-train clean` writes") from error
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: damaged: {error}") from error
