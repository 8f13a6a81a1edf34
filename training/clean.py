"""From bronze to silver: reviews cleaned and marked, what is none put into quarantine, all of it counted."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec

from training.bronze import Part, Row, read_parts
from training.errors import DatasetError
from training.fingerprints import code_sha256, combined
from training.language import ENGLISH
from training.layer_files import LayerWriter, layer_writer, staged_folder
from training.layer_schemas import LABELLED, QUARANTINE, SILVER
from training.review_rows import CleanReview, RejectedError, clean_review, key64, labelled_sentence
from training.silver import (
    LABELLED_FILE,
    MANIFEST,
    QUARANTINE_FILE,
    REVIEWS,
    SilverManifest,
    read_silver,
)

# Below, two people say the same ("Easy to sign up") more often than one review comes twice.
DUPLICATE_WORDS: Final = 8
_TOLD_EVERY: Final = 200_000
# What decides how a row of bronze looks in silver.
_RULES: Final = (
    "stream_app.core.sentence_ends",
    "stream_app.core.sentences",
    "training.bronze",
    "training.clean",
    "training.given_ratings",
    "training.language",
    "training.layer_schemas",
    "training.masking",
    "training.review_rows",
)


def clean(bronze_folder: Path, silver: Path, announce: Callable[[str], None]) -> SilverManifest:
    """Write the silver layer of a bronze folder, unless it is current.

    Raises:
        DatasetError: a part is damaged, no row is a review, or the disk is full. Silver is as it was before.
    """
    parts = read_parts(bronze_folder)
    made_of = _made_of(parts)
    if (current := _current(silver, made_of)) is not None:
        announce(f"{silver} is current: {current}")
        return current
    with staged_folder(silver) as staged:
        manifest, first_rejection = _write(parts, staged, made_of, announce)
        (staged / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    announce(str(manifest))
    if first_rejection:
        announce(f"{silver / QUARANTINE_FILE} tells why; the first: {first_rejection}")
    return manifest


def _made_of(parts: Sequence[Part]) -> str:
    rows = (f"{part.name} {part.note.sha256} {sorted(part.note.field_map.items())}" for part in parts)
    return combined([code_sha256(_RULES), version("py3langid"), *rows])


def _current(silver: Path, made_of: str) -> SilverManifest | None:
    try:
        there = read_silver(silver)
    except DatasetError:
        return None
    return there if there.made_of == made_of else None


def _write(
    parts: Sequence[Part], staged: Path, made_of: str, announce: Callable[[str], None]
) -> tuple[SilverManifest, str]:
    """Write the files; the account of them, and the first row that was rejected."""
    with ExitStack() as stack:
        reviews, labelled, quarantine = (
            stack.enter_context(layer_writer(staged / name, schema))
            for name, schema in (
                (REVIEWS, SILVER),
                (LABELLED_FILE, LABELLED),
                (QUARANTINE_FILE, QUARANTINE),
            )
        )
        cleaner = Cleaner(reviews, labelled, quarantine)
        for part in parts:
            announce(f"cleaning {part.name}: {part.note.rows:,} rows")
            cleaner.clean(part, announce)
    if not reviews.rows:
        raise DatasetError(f"{parts[0].path.parent}: no row is a review; {cleaner.first_rejection}")
    return cleaner.account(made_of, sum(part.note.rows for part in parts)), cleaner.first_rejection


class Cleaner:
    """Cleans rows in order. Of each review it keeps two hashes of 8 bytes, to know it again.

    Attributes:
        quarantined, not_english: counts by reason and by language.
        duplicates, title_repeats: counts.
        first_rejection: in words.
    """

    def __init__(self, reviews: LayerWriter, labelled: LayerWriter, quarantine: LayerWriter) -> None:
        self.quarantined: Counter[str] = Counter()
        self.not_english: Counter[str] = Counter()
        self.duplicates = 0
        self.title_repeats = 0
        self.first_rejection = ""
        self._reviews, self._labelled, self._quarantine = reviews, labelled, quarantine
        self._ids: set[int] = set()
        self._texts: set[int] = set()

    def clean(self, part: Part, announce: Callable[[str], None]) -> None:
        """Write each row of a part to the file that it belongs to."""
        number = 0
        for rows in part.rows():
            accepted, rejected = self._sorted_out(part, rows, number)
            (self._labelled if part.is_labelled else self._reviews).write(accepted)
            self._quarantine.write(rejected)
            if (number + len(rows)) // _TOLD_EVERY > number // _TOLD_EVERY:
                announce(f"{part.name}: {number + len(rows):,} rows")
            number += len(rows)

    def account(self, made_of: str, received: int) -> SilverManifest:
        """What was done so far."""
        return SilverManifest(
            made_of=made_of,
            received=received,
            reviews=self._reviews.rows,
            labelled=self._labelled.rows,
            quarantined=dict(self.quarantined),
            duplicates=self.duplicates,
            title_repeats=self.title_repeats,
            not_english=dict(self.not_english),
        )

    def _sorted_out(
        self, part: Part, rows: Iterable[Row], before: int
    ) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
        accepted: list[tuple[object, ...]] = []
        rejected: list[tuple[object, ...]] = []
        for number, row in enumerate(rows, before + 1):
            try:
                accepted.append(self._row(part, row, number))
            except RejectedError as error:
                self.quarantined[error.reason] += 1
                self.first_rejection = self.first_rejection or f"{part.note.address}, {row.place}: {error}"
                rejected.append((part.name, row.place, error.reason, str(error), row.received))
        return accepted, rejected

    def _row(self, part: Part, row: Row, number: int) -> tuple[object, ...]:
        if part.is_labelled:
            return labelled_sentence(row, part.name, part.note.field_map)
        review = clean_review(row, number, part.name, part.note.field_map)
        self._check_id(review)
        duplicate = review.words >= DUPLICATE_WORDS and review.text_key in self._texts
        self._texts.add(review.text_key)
        self.duplicates += duplicate
        self.title_repeats += review.title_repeats
        if review.language != ENGLISH:
            self.not_english[review.language] += 1
        return (*review, duplicate)

    def _check_id(self, review: CleanReview) -> None:
        """A review that came again, unchanged or not: the first one counts."""
        key = key64(f"{review.source}/{review.review_id}")
        if key in self._ids:
            raise RejectedError(
                "repeated_id", f"id: {review.review_id!r} of {review.source!r} came before, expected it once"
            )
        self._ids.add(key)
