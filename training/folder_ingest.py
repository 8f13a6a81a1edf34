"""A folder of reviews and its bronze, kept alike."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from training.bronze import read_note
from training.errors import DatasetError
from training.fingerprints import code_sha256, combined, file_sha256
from training.ingest import ingest
from training.sources.files import file_sources
from training.sources.source import Source

# What decides how a file looks in bronze.
_RULES: Final = (
    "stream_app.line_formats",
    "training.bronze",
    "training.ingest",
    "training.layer_schemas",
    "training.sources.files",
)


def bronze_of(path: Path, root: Path, announce: Callable[[str], None]) -> Path:
    """The bronze of a file or a folder of reviews: files that changed are ingested, lost ones left out.

    Its name is that of the path, and tells apart folders of one name in different places.

    Raises:
        DatasetError: there is no file of reviews, or one that cannot be read.
    """
    path = path.resolve()
    bronze = root / _name(path)
    sources = file_sources(str(path))
    if twice := _names_that_repeat(sources):
        raise DatasetError(f"{path}: files of the same name but for the ending: {', '.join(twice)}")
    rules = code_sha256(_RULES)
    for source in sources:
        fingerprint = combined([rules, file_sha256(Path(source.address))])
        if _fingerprint_of(bronze / f"{source.name}.parquet") != fingerprint:
            announce(f"reading {source.address}")
            ingest(source, bronze, {}, announce, fingerprint)
    for part in bronze.glob("*.parquet"):
        if part.stem not in {source.name for source in sources}:
            part.unlink()
    return bronze


def _name(path: Path) -> str:
    place = hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"{path.name.partition('.')[0]}-{place}"


def _names_that_repeat(sources: list[Source]) -> list[str]:
    names = [source.name for source in sources]
    return sorted({name for name in names if names.count(name) > 1})


def _fingerprint_of(part: Path) -> str | None:
    try:
        return read_note(part).source_sha256
    except DatasetError:
        return None
