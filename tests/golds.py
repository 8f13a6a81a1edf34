"""Small gold layers, written as training reads them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import pandas as pd

from stream_app.core.ratings import rating_class, scaled
from training.gold import HUMAN_FILE, MANIFEST_FILE, SENTENCES_FILE, Gold, GoldManifest
from training.split import Side


class Review(NamedTuple):
    """A review of a small gold layer, sentence by sentence."""

    side: Side
    rating: float
    sentences: tuple[str, ...]
    source: str = "shop"


class Labelled(NamedTuple):
    """A human-labelled sentence; the class is an index into LABELS."""

    text: str
    label: int
    source: str = "lab"
    side: Side = "test"


def write_reviews(folder: Path, reviews: Sequence[Review], human: Sequence[Labelled] = ()) -> Gold:
    """A gold layer of these reviews, ordered as the real one is."""
    folder.mkdir(parents=True, exist_ok=True)
    ordered = sorted(enumerate(reviews), key=lambda numbered: numbered[1].side)
    rows = [
        {
            "review": number,
            "review_id": f"r{number}",
            "source": review.source,
            "domain": f"d{number}",
            "side": review.side,
            "part": "text",
            "index": index,
            "start": 0,
            "end": len(text),
            "text": text,
            "rating": review.rating,
            "target": scaled(review.rating),
            "class": rating_class(review.rating),
        }
        for number, review in ordered
        for index, text in enumerate(review.sentences)
    ]
    pd.DataFrame(rows).to_parquet(folder / SENTENCES_FILE, index=False, row_group_size=32)
    columns = ["text", "class", "source", "side"]
    pd.DataFrame(human, columns=columns).to_parquet(folder / HUMAN_FILE, index=False)
    counts = {"shop": {"test": sum(review.side == "test" for review in reviews)}}
    manifest = GoldManifest("a" * 64, counts, 0)
    (folder / MANIFEST_FILE).write_bytes(msgspec.json.encode(manifest))
    return Gold(folder)
