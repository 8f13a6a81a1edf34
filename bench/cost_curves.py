"""What a review costs in the core, by the length of its text, its sentences, and the size of a slice."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Final

from bench.core_alone import core_cost, core_records
from stream_app.core.scoring import Model

LENGTHS: Final = (100, 300, 1_000, 3_000, 10_000, 20_000)
SENTENCES: Final = (1, 2, 5, 10, 20, 40)
SLICES: Final = (1, 4, 16, 64, 128, 256, 512, 1_024)
_CHARS_OF_ALL: Final = 1_000_000
_CHARS_OF_A_REVIEW: Final = 1_200
_SLICE: Final = 128
_PHRASES: Final = (
    "the sound is great and the battery lasts a whole day",
    "it broke after two weeks and nobody answered my letters",
    "the colour is a little darker than it looks in the picture",
    "my daughter wears it nearly every day and still likes it",
    "shipping took longer than they had said",
    "not what I had expected for this price",
    "I would buy it again",
)


@dataclass(frozen=True)
class Cost:
    """Microseconds of a review in the core, and what it was made like."""

    size: int
    chars: float
    us: float


def text_of(chars: int, sentences: int) -> str:
    """A text of so many characters in so many sentences of equal length, made of the phrases."""
    words = cycle(" ".join(_PHRASES).split())
    share = chars // sentences
    return " ".join(_sentence(words, share - 1) for _ in range(sentences))


def _sentence(words: Iterator[str], chars: int) -> str:
    """Words, capital first, cut to the length. Ends in "!": a full stop may belong to an abbreviation."""
    said = ""
    while len(said) < chars:
        said += f" {next(words)}" if said else next(words).capitalize()
    return f"{said[: chars - 1].rstrip().ljust(chars - 1, 'e')}!"


def by_length(model: Model, repeats: int) -> list[Cost]:
    """Texts of 100 to 20,000 characters in sentences of about 60."""
    return [_cost(model, chars, text_of(chars, max(1, chars // 60)), repeats) for chars in LENGTHS]


def by_sentences(model: Model, repeats: int) -> list[Cost]:
    """Texts of one length, in one sentence or in many."""
    return [_cost(model, count, text_of(_CHARS_OF_A_REVIEW, count), repeats) for count in SENTENCES]


def by_slice(model: Model, values: Sequence[bytes], repeats: int) -> list[Cost]:
    """The benchmark's own reviews, in slices from one to a thousand."""
    records = core_records(values)
    chars = sum(map(len, values)) / len(values)
    return [Cost(size, chars, core_cost(records, model, size, repeats).total) for size in SLICES]


def _cost(model: Model, size: int, text: str, repeats: int) -> Cost:
    count = max(_SLICE // 8, min(_CHARS_OF_ALL // len(text), 2_048))
    values = [json.dumps({"review_id": str(n), "text": text}).encode() for n in range(count)]
    return Cost(size, len(text), core_cost(core_records(values), model, _SLICE, repeats).total)
