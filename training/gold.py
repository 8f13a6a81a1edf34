"""The gold layer on disk: sentences and human-labelled sentences, each on its side of the split."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import pandas as pd
import pyarrow.parquet as pq
from msgspec import Struct

from training.split import Side

SENTENCES_FILE: Final = "sentences.parquet"
HUMAN_FILE: Final = "human.parquet"
MANIFEST_FILE: Final = "gold.json"


class GoldManifest(Struct, frozen=True):
    """What a gold layer holds.

    Attributes:
        fingerprint: sha256 of the reviews trained on.
        reviews: their number by source and side.
        seed: of the draw that halves the held-out reviews.
    """

    fingerprint: str
    reviews: dict[str, dict[str, int]]
    seed: int


@dataclass(frozen=True, slots=True)
class Gold:
    """A gold layer on disk."""

    folder: Path

    def batches(self, *sides: Side) -> Iterator[pd.DataFrame]:
        """Sentences of these sides, row group by row group, in the order of the file."""
        with pq.ParquetFile(self.folder / SENTENCES_FILE) as file:
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group).to_pandas()
                rows = rows[rows["side"].isin(sides)]
                if len(rows):
                    yield rows

    def side(self, *sides: Side) -> pd.DataFrame:
        """The same as one frame."""
        batches = list(self.batches(*sides))
        if batches:
            return pd.concat(batches, ignore_index=True)
        empty: pd.DataFrame = pq.read_schema(self.folder / SENTENCES_FILE).empty_table().to_pandas()
        return empty

    def human(self, *sides: Side) -> pd.DataFrame:
        """Human-labelled sentences of these sides: text, class, source, side; may be empty."""
        rows = pd.read_parquet(self.folder / HUMAN_FILE)
        return rows[rows["side"].isin(sides)].reset_index(drop=True)

    @property
    def manifest(self) -> GoldManifest:
        """What the layer holds."""
        return msgspec.json.decode((self.folder / MANIFEST_FILE).read_bytes(), type=GoldManifest)
