"""The gold layer on disk: what models are trained and measured on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import pandas as pd
from msgspec import Struct
from pyarrow import parquet

from training.errors import DatasetError
from training.layer_files import opened_parquet
from training.split import SIDES, Side

SENTENCES: Final = "sentences.parquet"
HUMAN_FILE: Final = "human.parquet"
MANIFEST: Final = "gold.json"

Counts = Mapping[str, Mapping[str, int]]
"""Rows by source and side."""


class GoldManifest(Struct, frozen=True):
    """What a gold layer says of itself.

    Attributes:
        fingerprint: sha256 of the reviews trained on, whatever their order and their files.
        made_of: fingerprint of the silver layer, the seed and the code that made it.
        seed: drew the halves to tune on and to measure on.
        reviews, sentences, human: rows by source and side.
        left_out: reviews of silver that are not in it, by reason.
    """

    fingerprint: str
    made_of: str
    seed: int
    reviews: Counts
    sentences: Counts
    human: Counts
    left_out: Mapping[str, int]

    def total(self, counts: Counts, *sides: Side) -> int:
        """Rows of these sides (of all when none is named), over the sources."""
        return sum(
            count
            for of_source in counts.values()
            for side, count in of_source.items()
            if side in (sides or SIDES)
        )


@dataclass(frozen=True, slots=True)
class Gold:
    """A gold layer on disk.

    Sentences have the columns review (number of its review in this layer, ascending; a review's sentences are
    adjacent and in order), review_id, source, domain, side, part, index, start, end, text, rating, target and
    class; `training.layer_schemas` tells of each. Every method raises DatasetError when a file is missing or
    damaged.
    """

    folder: Path

    @property
    def manifest(self) -> GoldManifest:
        """What the layer says of itself."""
        path = self.folder / MANIFEST
        try:
            return msgspec.json.decode(path.read_bytes(), type=GoldManifest)
        except FileNotFoundError as error:
            raise DatasetError(f"{path}: missing, expected what `stream-train dataset` writes") from error
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DatasetError(f"{path}: damaged: {error}") from error

    def batches(self, *sides: Side) -> Iterator[pd.DataFrame]:
        """Sentences of these sides (of all when none is named), a row group at a time, in file order."""
        with opened_parquet(self.folder / SENTENCES) as file:
            for group in range(file.num_row_groups):
                if not sides or _side_of(file, group) in sides:
                    frame: pd.DataFrame = file.read_row_group(group).to_pandas()
                    yield frame

    def side(self, *sides: Side) -> pd.DataFrame:
        """The same as one frame, numbered from 0."""
        frames = list(self.batches(*sides))
        if frames:
            return pd.concat(frames, ignore_index=True)
        with opened_parquet(self.folder / SENTENCES) as file:
            nothing: pd.DataFrame = file.schema_arrow.empty_table().to_pandas()
        return nothing

    def human(self, *sides: Side) -> pd.DataFrame:
        """Human-labelled sentences: text, class, source, side; may be empty."""
        with opened_parquet(self.folder / HUMAN_FILE) as file:
            rows: pd.DataFrame = file.read().to_pandas()
        return rows[rows["side"].isin(sides or SIDES)].reset_index(drop=True)


def _side_of(file: parquet.ParquetFile, group: int) -> str:
    """The one side of a row group: the writer ends a group where a side ends."""
    column = file.schema_arrow.get_field_index("side")
    return str(file.metadata.row_group(group).column(column).statistics.min)
