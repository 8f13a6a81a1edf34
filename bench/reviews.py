"""The reviews of the benchmark: real ones, the same for everyone."""

import gzip
import json
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).parent.parent
SAMPLE: Final = ROOT / "data" / "bronze" / "womens_clothing_sample.jsonl.gz"
_PACK_FILES: Final = ("reviews_train.jsonl.gz", "reviews_dev.jsonl.gz")
_MAX_CHARS: Final = 10_000
_ORDER: Final = 7


class Reviews(NamedTuple):
    """The load, in a fixed random order; more records than reviews repeat it.

    Attributes:
        origin: where they come from, for the report.
        rows: review_id, rating, title and text.
        left_out: how many cannot be split by every competitor, and were dropped.
    """

    origin: str
    rows: list[dict[str, Any]]
    left_out: int

    def values(self) -> list[bytes]:
        """The reviews as records' values."""
        return [json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() for row in self.rows]

    def facts(self) -> "ReviewsFacts":
        """What a report says about them."""
        sizes = [len(value) for value in self.values()]
        return ReviewsFacts(self.origin, len(sizes), self.left_out, round(sum(sizes) / len(sizes), 1))


@dataclass(frozen=True)
class ReviewsFacts:
    """The load in figures.

    Attributes:
        origin: where the reviews come from.
        reviews: how many; they are repeated as often as it takes.
        left_out: how many were dropped.
        mean_bytes: of a record's value.
    """

    origin: str
    reviews: int
    left_out: int
    mean_bytes: float


def load_reviews(environment: Mapping[str, str] = os.environ) -> Reviews:
    """The review pack (setting REVIEWS_PACK) where it is present, else the tracked sample.

    Raises:
        FileNotFoundError: there is neither.
    """
    pack = Path(environment.get("REVIEWS_PACK", ROOT.parent / "shared" / "data"))
    files = [pack / name for name in _PACK_FILES]
    origin = "review pack, train and dev"
    if not all(file.exists() for file in files):
        files, origin = [SAMPLE], f"tracked sample {SAMPLE.relative_to(ROOT)}"
    rows = [row for file in files for row in _read(file)]
    usable = [row for row in rows if can_be_split(row["title"] + row["text"])]
    random.Random(_ORDER).shuffle(usable)
    return Reviews(origin, usable, len(rows) - len(usable))


def _read(file: Path) -> list[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [_row(json.loads(line)) for line in lines]


def _row(review: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "review_id": str(review["id"]),
        "rating": review["rating"],
        "title": review.get("title") or "",
        "text": review["text"],
    }


def can_be_split(text: str) -> bool:
    """Whether sentencex, the peers' splitter, can take the text.

    Above 10,000 characters it loses some, and it panics on white space other than blank, tab and line ends.
    """
    return len(text) <= _MAX_CHARS and not any(char.isspace() and char not in " \t\r\n" for char in text)
