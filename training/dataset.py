"""Reviews and human-labelled sentences of a folder, as frames, each row on its side of the split."""

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

import msgspec
import pandas as pd
from msgspec import Meta, Struct

from stream_app.core.ratings import rating_class, scaled
from stream_app.core.scoring import LABELS
from stream_app.core.sentences import split_review
from training.split import human_side, review_side

SUFFIXES: Final = (".jsonl", ".jsonl.gz")
HUMAN_PREFIX: Final = "sentences_"
BOUNDARIES_PREFIX: Final = "sbd_"
HELD_OUT: Final = ("tune", "test")


class DatasetError(Exception):
    """Data that cannot be trained or measured on. The message names the file and, where it can, the line."""


class ReviewLine(Struct):
    """A line of a file of reviews. Without a domain a review is a group of its own."""

    text: Annotated[str, Meta(pattern=r"\S")]
    rating: Annotated[float, Meta(ge=1, le=5)]
    id: str | int | None = None
    title: str | None = None
    source: str | None = None
    domain: str | None = None


class SentenceLine(Struct):
    """A line of a file `sentences_….jsonl`: a sentence with the label that people gave it."""

    text: Annotated[str, Meta(pattern=r"\S")]
    label: Literal["negative", "neutral", "positive"]
    source: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """What there is to train and to measure on.

    Attributes:
        reviews: id, rating, title, text, source, domain, side, target (the rating scaled to [0, 1]) and
            class (0 negative, 1 neutral, 2 positive).
        sentences: text, and review: the row of its review in `reviews`.
        human: text, class, source and side of human-labelled sentences; may be empty.
    """

    reviews: pd.DataFrame
    sentences: pd.DataFrame
    human: pd.DataFrame

    def side(self, *names: str) -> pd.DataFrame:
        """Sentences of these sides: text, review, source, target and class of their review, in order."""
        reviews = self.reviews.loc[self.reviews["side"].isin(names), ["source", "target", "class"]]
        return self.sentences.join(reviews, on="review", how="inner")


def read_corpus(folder: Path, seed: int) -> Corpus:
    """Everything in the folder's files of JSON lines, gzip or not.

    Files named `sentences_…` hold human-labelled sentences, files named `sbd_…` are left out, all others hold
    reviews; those whose name ends in `_dev` are measured on, never trained on.

    Raises:
        DatasetError: no review to train on, none held out, or a line that is not a review.
    """
    paths = sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIXES))
    of_reviews = [path for path in paths if not path.name.startswith((HUMAN_PREFIX, BOUNDARIES_PREFIX))]
    of_sentences = [path for path in paths if path.name.startswith(HUMAN_PREFIX)]
    reviews = _without_copies(_reviews(of_reviews, seed))
    _check_sides(reviews, folder)
    return Corpus(reviews, split_sentences(reviews), _human(of_sentences, seed))


def _reviews(paths: list[Path], seed: int) -> pd.DataFrame:
    rows = []
    for path in paths:
        name = path.name.partition(".")[0]
        for number, line in enumerate(_read_lines(path, ReviewLine), 1):
            source = line.source or name
            identity = str(line.id or f"{name}-{number}")
            domain = line.domain or identity
            side = review_side(identity, source, domain, seed, from_dev=name.endswith("_dev"))
            rows.append((identity, line.rating, line.title or "", line.text, source, domain, side))
    reviews = pd.DataFrame(rows, columns=["id", "rating", "title", "text", "source", "domain", "side"])
    return reviews.assign(
        target=reviews["rating"].map(scaled), **{"class": reviews["rating"].map(rating_class).astype("int8")}
    )


def _human(paths: list[Path], seed: int) -> pd.DataFrame:
    rows = [
        (line.text, LABELS.index(line.label), line.source, human_side(line.text, seed))
        for path in paths
        for line in _read_lines(path, SentenceLine)
    ]
    return pd.DataFrame(rows, columns=["text", "class", "source", "side"])


Line = TypeVar("Line", ReviewLine, SentenceLine)


def _read_lines(path: Path, kind: type[Line]) -> Iterator[Line]:
    decoder = msgspec.json.Decoder(kind)
    opened = gzip.open if path.name.endswith(".gz") else open
    number = 0
    try:
        with opened(path, "rb") as lines:
            for number, line in enumerate(lines, 1):  # noqa: B007 - for the message
                yield decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{path}, line {number}: {error}") from error


def _without_copies(reviews: pd.DataFrame) -> pd.DataFrame:
    """Leave out what is trained on and held out as well, word for word."""
    words = reviews["text"].str.casefold().str.split().str.join(" ")
    train = reviews["side"] == "train"
    return reviews[~(train & words.isin(set(words[~train])))].reset_index(drop=True)


def _check_sides(reviews: pd.DataFrame, folder: Path) -> None:
    train = reviews[reviews["side"] == "train"]
    for side in ("train", *HELD_OUT):
        classes = set(reviews.loc[reviews["side"] == side, "class"])
        if len(classes) < len(LABELS):
            raise DatasetError(
                f"{folder}: expected reviews of all three classes (1-2, 3 and 4-5 stars) on the side "
                f"{side!r}, found {len(classes)}; give more reviews of more domains, or leave `domain` out"
            )
    if shared := shared_domains(reviews):
        raise DatasetError(f"{folder}: domains both trained on and held out: {', '.join(shared)}")
    if train["id"].duplicated().any():
        double = train.loc[train["id"].duplicated(), "id"].iloc[0]
        raise DatasetError(f"{folder}: the id {double!r} occurs twice")


def shared_domains(reviews: pd.DataFrame) -> list[str]:
    """Domains that are trained on and held out as well: there must be none."""
    places = reviews["source"] + "/" + reviews["domain"]
    held_out = set(places[reviews["side"].isin(HELD_OUT)])
    return sorted(held_out & set(places[reviews["side"] == "train"]))


def split_sentences(reviews: pd.DataFrame) -> pd.DataFrame:
    """The sentences of each review as the stream splits them: text, and review (its row)."""
    rows = [
        ((title if part == "title" else text)[start:end], review)
        for review, title, text in zip(reviews.index, reviews["title"], reviews["text"], strict=True)
        for part, start, end in split_review(title, text)
    ]
    return pd.DataFrame(rows, columns=["text", "review"])


def fingerprint(reviews: pd.DataFrame) -> str:
    """The sha256 of the reviews trained on, whatever their order and their files."""
    train = reviews.loc[reviews["side"] == "train", ["id", "source", "domain", "rating", "title", "text"]]
    content = hashlib.sha256()
    for row in train.sort_values(["source", "id"]).itertuples(index=False):
        content.update(msgspec.json.encode([str(value) for value in row]))
    return content.hexdigest()
