"""How well sentences are split, and how fast: `python -m bench.sentences`, beside plain sentencex.

A boundary is the number of characters, white space not counted, before the end of a sentence; the last one of
a document is not counted. F1 is micro-averaged over the documents of a set.
"""

import gzip
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, NamedTuple

from sentencex import segment

from bench.reviews import ROOT, can_be_split
from stream_app.core.sentences import boundaries, split_review

TRAIN, DEV, GOLDEN = "sbd_ewt_reviews_train.jsonl", "sbd_ewt_reviews_dev.jsonl", "sbd_pysbd_golden_en.jsonl"
_REVIEWS: Final = "reviews_dev.jsonl.gz"
_SENTENCES: Final = 5
_REPEATS: Final = 15
_CHUNK: Final = 100

Split = Callable[[str], list[str]]


class Document(NamedTuple):
    """A text and its sentences as a human splits it."""

    text: str
    sentences: list[str]


def pack_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of the review pack (setting REVIEWS_PACK).

    Raises:
        FileNotFoundError: it is not there.
    """
    folder = Path(environment.get("REVIEWS_PACK") or ROOT.parent / "shared" / "data").absolute()
    absent = [name for name in (TRAIN, DEV, GOLDEN, _REVIEWS) if not (folder / name).is_file()]
    if absent:
        raise FileNotFoundError(
            f"REVIEWS_PACK: expected the folder of the review pack, {folder} has no {absent[0]}"
        )
    return folder


def read_documents(file: Path) -> list[Document]:
    """The documents of a set of sentence boundaries, one JSON object with text and sentences a line."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [Document(row["text"], row["sentences"]) for row in rows]


def split(text: str) -> list[str]:
    """The product's sentences of a text."""
    return [text[start:end] for start, end in boundaries(text)]


def plain_sentencex(text: str) -> list[str]:
    """The sentences of sentencex alone."""
    return list(segment("en", text))


def sentence_ends(sentences: Iterable[str]) -> set[int]:
    """The boundaries between the sentences."""
    lengths = (sum(not character.isspace() for character in sentence) for sentence in sentences)
    return set(list(accumulate(lengths))[:-1])


def boundary_f1(documents: Sequence[Document], split_text: Split) -> float:
    """F1 of the boundaries that `split_text` finds, micro-averaged."""
    pairs = [(sentence_ends(split_text(text)), sentence_ends(sentences)) for text, sentences in documents]
    found, wanted = (sum(map(len, side)) for side in zip(*pairs, strict=True))
    return 2 * sum(len(here & there) for here, there in pairs) / (found + wanted)


def share_right(documents: Sequence[Document], split_text: Split) -> float:
    """The share of documents with every boundary right."""
    right = sum(sentence_ends(split_text(text)) == sentence_ends(sentences) for text, sentences in documents)
    return right / len(documents)


def microseconds(work: Callable[[Any], object], arguments: Sequence[Any]) -> float:
    """Mean cost of a call, every chunk at the best of its repeats, so that a busy machine shows little."""
    chunks = [arguments[start : start + _CHUNK] for start in range(0, len(arguments), _CHUNK)]
    return sum(min(_seconds(work, chunk) for _ in range(_REPEATS)) for chunk in chunks) / len(arguments) * 1e6


def _seconds(work: Callable[[Any], object], arguments: Sequence[Any]) -> float:
    started = time.perf_counter()
    for argument in arguments:
        work(argument)
    return time.perf_counter() - started


def reviews_of_five(file: Path) -> list[tuple[str, str]]:
    """Title and text of the reviews that have five sentences, the title counted."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        reviews = [(row["title"], row["text"]) for row in map(json.loads, lines)]
    return [
        (title, text)
        for title, text in reviews
        if can_be_split(text) and len(split_review(title, text)) == _SENTENCES
    ]


def report(pack: Path) -> Iterator[str]:
    """The lines of the table."""
    reviews = reviews_of_five(pack / _REVIEWS)
    texts = [text for _, text in reviews]
    yield f"{'':36}{'this product':>14}{'sentencex':>12}"
    for label, name, figure in (
        ("EWT reviews dev, boundary F1", DEV, boundary_f1),
        ("EWT reviews train, boundary F1", TRAIN, boundary_f1),
        ("golden documents, share right", GOLDEN, share_right),
    ):
        documents = read_documents(pack / name)
        yield f"{label:36}{figure(documents, split):14.4f}{figure(documents, plain_sentencex):12.4f}"
    ours, theirs = microseconds(boundaries, texts), microseconds(plain_sentencex, texts)
    yield f"{'text of a review of five, µs':36}{ours:14.2f}{theirs:12.2f}"
    yield f"{'its title and text, µs':36}{microseconds(lambda review: split_review(*review), reviews):14.2f}"
    yield f"{len(reviews)} reviews, texts of {sum(map(len, texts)) / len(texts):.0f} characters on average"


def main() -> None:
    """Print the table, or what is missing."""
    try:
        for line in report(pack_folder()):
            sys.stdout.write(f"{line}\n")
    except FileNotFoundError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
