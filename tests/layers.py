"""Layers of reviews that tests write themselves, and the tracked sample's."""

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from training.bronze import Part
from training.clean import clean
from training.dataset import make_gold
from training.folder_ingest import bronze_of
from training.gold import Gold
from training.ingest import ingest
from training.silver import SilverManifest
from training.sources.source import Received, Source

RATINGS = (1, 2, 3, 3, 4, 5)


def review(number: int, **fields: object) -> dict[str, object]:
    """A review that is not a copy of any other; six in a row have ratings of all classes."""
    text = f"Number {number} came. It is what it is!"
    return {"id": f"r{number}", "rating": RATINGS[number % 6], "text": text, "domain": f"d{number}"} | fields


def write_lines(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def silent(_: str) -> None:
    """Takes announcements."""


def bronze_part(folder: Path, rows: Iterable[object], name: str = "shop", **field_map: str) -> Part:
    """A part of bronze; a row is bytes as they are, or what becomes JSON."""
    values = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    received = (Received(f"line {number}", value) for number, value in enumerate(values, 1))
    return ingest(Source(name, f"mem/{name}.jsonl", received), folder, field_map, silent)


def clean_rows(root: Path, rows: Iterable[object], name: str = "shop", **field_map: str) -> SilverManifest:
    """Silver of these rows, in root/silver."""
    bronze_part(root / "bronze", rows, name, **field_map)
    return clean(root / "bronze", root / "silver", silent)


def gold_of(source: Path, root: Path, seed: int = 0) -> Gold:
    """The gold layer of a file or folder of reviews; all layers are written below root."""
    bronze = bronze_of(source, root / "bronze", silent)
    clean(bronze, root / "silver", silent)
    return make_gold(root / "silver", root / "gold", seed, silent)
