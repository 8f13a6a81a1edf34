"""Small gold layers, written as training reads them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from stream_app.core.ratings import rating_class, scaled
from training.gold import HUMAN_FILE, MANIFEST, SENTENCES, Gold, GoldManifest
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
    _write_groups(pd.DataFrame(rows), folder / SENTENCES)
    columns = ["text", "class", "source", "side"]
    pd.DataFrame(human, columns=columns).to_parquet(folder / HUMAN_FILE, index=False)
    counts = {"shop": {"test": sum(review.side == "test" for review in reviews)}}
    manifest = GoldManifest("a" * 64, "b" * 64, 0, counts, {}, {}, {})
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    return Gold(folder)


def _write_groups(rows: pd.DataFrame, path: Path) -> None:
    """Row groups of at most 32 rows, each of one side."""
    table = pa.Table.from_pandas(rows, preserve_index=False)
    with parquet.ParquetWriter(path, table.schema) as writer:
        for _, of_side in rows.groupby("side"):
            part = pa.Table.from_pandas(of_side, table.schema, preserve_index=False)
            writer.write_table(part, row_group_size=32)
