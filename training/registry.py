"""A candidate becomes the champion: checked as the stream checks it, and exported manifest last."""

import os
import shutil
from pathlib import Path
from typing import Final

from stream_app.core.errors import ModelError
from stream_app.core.manifest import Manifest
from stream_app.model_store import GOLDEN_FILE, MANIFEST_FILE, load_model, read_manifest
from training.artifact import CARD_FILE

ARTIFACTS: Final = "model-*.joblib"


def promote(candidate: Path, champion: Path) -> Manifest:
    """Verify a candidate and put it into the champion's folder, its manifest last.

    The former champion's artifact stays until the next promotion, for who has just read its manifest.

    Raises:
        ModelError: the candidate is not whole, or what is there already is not a model.
    """
    manifest = verify(candidate)
    former = _former_artifact(champion)
    champion.mkdir(parents=True, exist_ok=True)
    names = (manifest.file, GOLDEN_FILE, CARD_FILE, MANIFEST_FILE)
    staged = [_stage(candidate / name, champion) for name in names]
    for temporary, name in zip(staged, names, strict=True):
        os.replace(temporary, champion / name)  # noqa: PTH105 - atomic, and named so
    for path in champion.glob(ARTIFACTS):
        if path.name not in {manifest.file, former}:
            path.unlink()
    return manifest


def verify(folder: Path) -> Manifest:
    """Load the model as the stream does, with each of its presets.

    Raises:
        ModelError: it would be refused, or its card is missing.
    """
    manifest = read_manifest(folder)
    for preset in manifest.decisions:
        load_model(folder, preset)
    if not (folder / CARD_FILE).is_file():
        raise ModelError(f"{folder / CARD_FILE}: missing; train the candidate again")
    return manifest


def _former_artifact(champion: Path) -> str | None:
    return read_manifest(champion).file if (champion / MANIFEST_FILE).exists() else None


def _stage(source: Path, folder: Path) -> Path:
    """A copy beside its destination, on disk for sure."""
    temporary = folder / f".{source.name}.new"
    shutil.copyfile(source, temporary)
    with temporary.open("rb+") as copied:
        os.fsync(copied.fileno())
    return temporary
