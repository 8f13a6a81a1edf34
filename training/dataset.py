"""From silver to gold: sentences, each on its side of the split with what it inherits from its review."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import pandas as pd

from stream_app.core.ratings import rating_class, scaled
from stream_app.core.scoring import LABELS
from stream_app.core.sentences import split_review
from training.errors import DatasetError
from training.fingerprints import Multiset, code_sha256, combined
from training.gold import HUMAN_FILE, MANIFEST, SENTENCES, Counts, Gold, GoldManifest
from training.layer_files import LayerWriter, layer_writer, read_frames, staged_folder
from training.layer_schemas import GOLD, HUMAN
from training.placement import Placement, place
from training.silver import LABELLED_FILE, REVIEWS, read_silver
from training.split import HELD_OUT, SIDES, Side, human_side

ONE_CLASS_REVIEWS: Final = 50  # a source of so many reviews in which only one class occurs is broken

_BATCH_REVIEWS: Final = 8_192
# What decides how a review of silver looks in gold.
_RULES: Final = (
    "stream_app.core.ratings",
    "stream_app.core.sentence_ends",
    "stream_app.core.sentences",
    "training.dataset",
    "training.layer_schemas",
    "training.placement",
    "training.split",
)


def make_gold(silver: Path, folder: Path, seed: int, announce: Callable[[str], None]) -> Gold:
    """Write the gold layer of a silver folder, unless it is current.

    Args:
        silver: folder of the clean reviews.
        folder: of the gold layer.
        seed: draws the halves to tune on and to measure on.
        announce: told each step as it begins.

    Raises:
        DatasetError: a side or a source lacks classes, silver is damaged, or the disk is full. Gold is as it
            was before.
    """
    made_of = combined([code_sha256(_RULES), read_silver(silver).made_of, str(seed)])
    gold = Gold(folder)
    if _is_current(gold, made_of):
        announce(f"{folder} is current")
        return gold
    announce("placing the reviews on their sides")
    placement = place(silver / REVIEWS, seed)
    _check_classes(silver, placement)
    announce("splitting them into sentences")
    with staged_folder(folder) as staged:
        manifest = _write(silver, staged, placement, made_of, seed)
        (staged / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    announce(
        f"{manifest.total(manifest.sentences):,} sentences of {manifest.total(manifest.reviews):,} reviews"
    )
    return gold


def _is_current(gold: Gold, made_of: str) -> bool:
    try:
        return gold.manifest.made_of == made_of
    except DatasetError:
        return False


def _check_classes(silver: Path, placement: Placement) -> None:
    for side in ("train", *HELD_OUT):
        classes = placement.classes_of_side(side)
        if len(classes) < len(LABELS):
            raise DatasetError(
                f"{silver}: expected reviews of all three classes (1-2, 3 and 4-5 stars) on the side "
                f"{side!r}, found {len(classes)}; give more reviews of more domains, or leave `domain` out"
            )
    for source, counts in placement.classes_of_source.items():
        if len(counts) == 1 and counts.total() >= ONE_CLASS_REVIEWS:
            raise DatasetError(
                f"{silver}: all {counts.total():,} reviews of the source {source!r} are "
                f"{LABELS[next(iter(counts))]}, expected two classes at least; if that is so, give them the "
                "`source` of reviews that they belong with"
            )


def _write(silver: Path, staged: Path, placement: Placement, made_of: str, seed: int) -> GoldManifest:
    with layer_writer(staged / SENTENCES, GOLD) as writer:
        sentences = _SentenceFile(writer)
        for side in SIDES:
            for reviews in _reviews_of(silver / REVIEWS, placement, side):
                sentences.write(reviews, side)
            writer.end_row_group()
    return GoldManifest(
        fingerprint=sentences.trained_on.hexdigest(),
        made_of=made_of,
        seed=seed,
        reviews=_plain(sentences.reviews),
        sentences=_plain(sentences.sentences),
        human=_write_human(silver / LABELLED_FILE, staged / HUMAN_FILE, seed),
        left_out=placement.left_out,
    )


def _reviews_of(path: Path, placement: Placement, side: Side) -> Iterator[pd.DataFrame]:
    """The reviews of a side, in the order of silver."""
    before = 0
    on_side = placement.on_side(side)
    for frame in read_frames(path, list(_Review._fields), _BATCH_REVIEWS):
        chosen = on_side[before : before + len(frame)]
        before += len(frame)
        if chosen.any():
            yield frame[chosen]


class _Review(NamedTuple):
    review_id: str
    source: str
    domain: str
    rating: float
    title: str
    text: str


class _SentenceFile:
    """Splits reviews, numbers them, writes their sentences and counts.

    Attributes:
        reviews, sentences: rows by source and side.
        trained_on: fingerprint of the reviews of the side `train`.
    """

    def __init__(self, writer: LayerWriter) -> None:
        self.reviews: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.sentences: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.trained_on = Multiset()
        self._writer = writer
        self._number = 0

    def write(self, reviews: pd.DataFrame, side: Side) -> None:
        rows: list[tuple[object, ...]] = []
        for review in _rows(reviews):
            own = self._sentences(review, side)
            rows += own
            self._number += 1
            self.reviews[review.source][side] += 1
            self.sentences[review.source][side] += len(own)
            if side == "train":
                self.trained_on.add(msgspec.json.encode([str(value) for value in review]))
        self._writer.write(rows)

    def _sentences(self, review: _Review, side: Side) -> list[tuple[object, ...]]:
        head = (self._number, review.review_id, review.source, review.domain, side)
        tail = (review.rating, scaled(review.rating), rating_class(review.rating))
        return [
            (
                *head,
                part,
                index,
                start,
                end,
                (review.title if part == "title" else review.text)[start:end],
                *tail,
            )
            for index, (part, start, end) in enumerate(split_review(review.title, review.text))
        ]


def _rows(reviews: pd.DataFrame) -> Iterator[_Review]:
    return (_Review(*cells) for cells in reviews.itertuples(index=False, name=None))


def _write_human(labelled: Path, path: Path, seed: int) -> Counts:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    with layer_writer(path, HUMAN) as writer:
        for frame in read_frames(labelled):
            rows = [
                (text, label, source, human_side(text, seed))
                for text, label, source in frame.itertuples(index=False, name=None)
            ]
            writer.write(rows)
            for _, _, source, side in rows:
                counts[source][side] += 1
    return _plain(counts)


def _plain(counts: Mapping[str, Mapping[str, int]]) -> Counts:
    return {source: dict(sides) for source, sides in sorted(counts.items())}
