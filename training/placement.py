"""Which review of silver stands on which side, and which is left out of gold."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stream_app.core.ratings import NEGATIVE, NEUTRAL, POSITIVE, rating_class
from training.clean import DUPLICATE_WORDS
from training.language import ENGLISH
from training.layer_files import read_frames
from training.split import SIDES, Side, review_side

DEV_SUFFIX: Final = "_dev"

_TRAIN: Final = SIDES.index("train")
_LEFT_OUT: Final = -1
_COLUMNS: Final = ["review_id", "source", "domain", "file", "rating", "language", "words", "text_key"]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where each review of silver stands, in its order.

    Attributes:
        sides: index in SIDES, -1 when left out.
        classes: 0 negative, 1 neutral, 2 positive.
        classes_of_source: reviews by source and class, those left out apart.
        left_out: their number by reason.
    """

    sides: NDArray[np.int8]
    classes: NDArray[np.int8]
    classes_of_source: Mapping[str, Counter[int]]
    left_out: Mapping[str, int]

    def on_side(self, side: Side) -> NDArray[np.bool_]:
        """Whether each review stands on this side."""
        chosen: NDArray[np.bool_] = self.sides == SIDES.index(side)
        return chosen

    def classes_of_side(self, side: Side) -> set[int]:
        """The classes that occur on this side."""
        return set(np.unique(self.classes[self.on_side(side)]).tolist())


def place(path: Path, seed: int) -> Placement:
    """The placement of all reviews of a file of silver.

    Left out are reviews that are not English; of those trained on what is held out as well, word for word;
    and, among those trained on and among the others, all but the first of a text too long for chance.

    Raises:
        DatasetError: the file is missing or damaged.
    """
    marks = pd.concat([_marks(frame, seed) for frame in read_frames(path, _COLUMNS)], ignore_index=True)
    sides = marks["side"].to_numpy()
    trained_on = marks["side"] == _TRAIN
    english = marks["english"]
    held_out_keys = marks.loc[english & ~trained_on, "key"]
    also_held_out = english & trained_on & marks["key"].isin(held_out_keys)
    left = english & ~also_held_out
    # By now no text is left on both sides of the hold-out, so a copy is one within its own.
    repeated = marks[left].duplicated("key")
    duplicate = (repeated & marks["long"]).reindex(marks.index, fill_value=False)
    return Placement(
        np.where(left & ~duplicate, sides, _LEFT_OUT).astype(np.int8),
        marks["class"].to_numpy(),
        _by_source(marks[left & ~duplicate]),
        {
            "not English": int((~english).sum()),
            "held out as well": int(also_held_out.sum()),
            "duplicate": int(duplicate.sum()),
        },
    )


def _marks(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    names = zip(frame["review_id"], frame["source"], frame["domain"], frame["file"], strict=True)
    sides = [
        SIDES.index(review_side(identity, source, domain, seed, from_dev=file.endswith(DEV_SUFFIX)))
        for identity, source, domain, file in names
    ]
    return pd.DataFrame(
        {
            "side": np.array(sides, np.int8),
            "class": frame["rating"].map(rating_class).astype("int8"),
            "english": frame["language"] == ENGLISH,
            "long": frame["words"] >= DUPLICATE_WORDS,
            "key": frame["text_key"],
            "source": frame["source"],
        }
    )


def _by_source(marks: pd.DataFrame) -> Mapping[str, Counter[int]]:
    counts: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for label in (NEGATIVE, NEUTRAL, POSITIVE):
        for source, count in marks.loc[marks["class"] == label, "source"].value_counts().items():
            counts[str(source)][label] += count
    return counts
