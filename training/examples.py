"""Hashed sentences with what to learn of them, shuffled on disk: training needs memory for one part only."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from stream_app.core.terms import index_terms

PARTS: Final = 32
NO_FOLD: Final = -1
ROWS_AT_ONCE: Final = 16_384
FIELDS: Final = ("buckets", "counts", "targets", "weights", "folds")


@dataclass(frozen=True, slots=True)
class Labelled:
    """Sentences with what to learn of them.

    Attributes:
        texts: n sentences.
        targets: float32 of shape (n, outputs): probabilities of the classes, or one score in [0, 1].
        weights: float32 of shape (n,): what a sentence counts in the loss.
        folds: int8 of shape (n,): the fold that a sentence is left out with; NO_FOLD: always learned.
    """

    texts: list[str]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]
    folds: NDArray[np.int8]

    def chunks(self) -> Iterator["Labelled"]:
        """The same in pieces that are quick to hash and small in memory."""
        for start in range(0, len(self.texts), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            yield Labelled(self.texts[rows], self.targets[rows], self.weights[rows], self.folds[rows])


@dataclass(frozen=True, slots=True)
class Examples:
    """Sentences as their terms.

    Attributes:
        buckets: int32, the terms of all sentences, one after the other.
        counts: int32 of shape (n,): terms of each sentence.
        targets: as in Labelled.
        weights: as in Labelled.
        folds: as in Labelled.
    """

    buckets: NDArray[np.int32]
    counts: NDArray[np.int32]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]
    folds: NDArray[np.int8]

    @classmethod
    def of(cls, labelled: Labelled, bits: int) -> Self:
        """The examples of some sentences."""
        buckets, ends = index_terms(labelled.texts, bits)
        counts = np.diff(ends, prepend=0).astype(np.int32)
        used = buckets[: counts.sum()]
        return cls(used, counts, labelled.targets, labelled.weights, labelled.folds)

    def where(self, chosen: NDArray[np.bool_]) -> "Examples":
        """Some of the examples, in their order."""
        terms = np.repeat(chosen, self.counts)
        return Examples(
            self.buckets[terms],
            self.counts[chosen],
            self.targets[chosen],
            self.weights[chosen],
            self.folds[chosen],
        )


class ShuffledExamples:
    """Examples in parts on disk, each drawn at random, so that a part is a fair sample of all.

    An external shuffle: pass after pass reads one part at a time and shuffles it in memory.
    """

    def __init__(self, folder: Path, bits: int, outputs: int) -> None:
        """Start with none.

        Args:
            folder: an empty folder, for this alone.
            bits: log2 of the number of buckets.
            outputs: targets of each example.
        """
        self.bits = bits
        self.outputs = outputs
        self.rows = 0
        self.occurrences = np.zeros(2**bits, np.int64)
        self._folder = folder
        for part in range(PARTS):
            for name in FIELDS:
                (folder / f"{part}.{name}").touch()

    def write(self, batches: Iterable[Labelled], seed: int) -> None:
        """Add examples; the seed draws the part of each."""
        draws = np.random.default_rng(seed)
        for batch in batches:
            for chunk in batch.chunks():
                self._append(Examples.of(chunk, self.bits), draws)

    def _append(self, examples: Examples, draws: np.random.Generator) -> None:
        parts = draws.integers(PARTS, size=len(examples.counts))
        for part in range(PARTS):
            self._write_part(part, examples.where(parts == part))
        np.add.at(self.occurrences, examples.buckets, 1)
        self.rows += len(examples.counts)

    def _write_part(self, part: int, examples: Examples) -> None:
        for name in FIELDS:
            with (self._folder / f"{part}.{name}").open("ab") as file:
                getattr(examples, name).tofile(file)

    def parts(self, draws: np.random.Generator) -> Iterator[Examples]:
        """Every part once, in a drawn order."""
        for part in draws.permutation(PARTS).tolist():
            yield self._read_part(part)

    def _read_part(self, part: int) -> Examples:
        def read(name: str, kind: type[np.generic]) -> NDArray[np.generic]:
            return np.fromfile(self._folder / f"{part}.{name}", kind)

        return Examples(
            read("buckets", np.int32),  # type: ignore[arg-type] # of the kind asked for
            read("counts", np.int32),  # type: ignore[arg-type]
            read("targets", np.float32).reshape(-1, self.outputs),  # type: ignore[arg-type]
            read("weights", np.float32),  # type: ignore[arg-type]
            read("folds", np.int8),  # type: ignore[arg-type]
        )
