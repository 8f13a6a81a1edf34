"""Open a model artifact: what its manifest states is checked before anything of it is used."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np

from stream_app.artifact import Fitted, read_artifact
from stream_app.core.errors import ManifestError, ModelError
from stream_app.core.manifest import (
    GoldenSentence,
    Manifest,
    PresetDecisions,
    decode_golden,
    decode_manifest,
)
from stream_app.core.scoring import Model, Scorer

MANIFEST_FILE: Final = "manifest.json"
GOLDEN_FILE: Final = "golden.jsonl"
FORMER_FOLDER: Final = "former"  # below a champion's folder: what else than its artifact the former one had
TOLERANCE: Final = 1e-6


class UnknownPresetError(ModelError):
    """The manifest has no decisions under the name asked for."""


class GoldenMismatchError(ModelError):
    """The model is whole, and gives other probabilities than it did on the day it was made."""


def load_model(folder: Path, preset: str) -> Model:
    """The model of a folder, verified, with the decisions of one preset.

    Raises:
        UnknownPresetError: the manifest lacks the preset.
        ModelError: anything else that is missing or wrong; the message names the file and what to do.
    """
    manifest = read_manifest(folder)
    decisions = _decisions(manifest, preset, folder)
    golden = decode_golden(read_golden(folder, manifest))
    artifact = folder / manifest.file
    scorer = _scorer(read_artifact(_read_checked(artifact, manifest.sha256), artifact), manifest, artifact)
    _check_golden(scorer, golden, folder / GOLDEN_FILE)
    return Model(
        scorer=scorer,
        sentence_decision=decisions.sentence,
        review_decision=decisions.review,
        version=manifest.version,
        sha256=manifest.sha256,
        created_at=manifest.created_at.isoformat(),
        reference=manifest.reference,
    )


def read_manifest(folder: Path) -> Manifest:
    """What the folder states about its model; nothing of the model itself is opened.

    Raises:
        ModelError: the folder or the manifest is missing.
        ManifestError: the manifest is not valid; the message names the file and the field.
    """
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such folder; set STREAM_MODEL_PATH to the folder of a model")
    path = folder / MANIFEST_FILE
    try:
        return decode_manifest(_read(path))
    except ManifestError as error:
        raise ManifestError(f"{path}: {error}; promote the model again") from error


def read_golden(folder: Path, manifest: Manifest) -> bytes:
    """The golden set that belongs to the manifest.

    While a promotion is under way golden.jsonl may be the next model's already; then the former one's stands
    in FORMER_FOLDER.

    Raises:
        ModelError: it is missing, or it was changed.
    """
    try:
        return _read_checked(folder / GOLDEN_FILE, manifest.golden_sha256)
    except ModelError:
        with suppress(ModelError):
            return _read_checked(folder / FORMER_FOLDER / GOLDEN_FILE, manifest.golden_sha256)
        raise


def _decisions(manifest: Manifest, preset: str, folder: Path) -> PresetDecisions:
    for name, decisions in manifest.decisions.items():
        if name == preset:
            return decisions
    known = ", ".join(manifest.decisions)
    raise UnknownPresetError(
        f"{folder / MANIFEST_FILE}: no preset {preset!r}; set STREAM_THRESHOLDS to one of: {known}"
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); promote the model again") from error


def _read_checked(path: Path, sha256: str) -> bytes:
    content = _read(path)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelError(
            f"{path}: sha256 {found[:12]}…, and the manifest states {sha256[:12]}…: the file was changed or "
            f"cut off; promote the model again"
        )
    return content


def _scorer(pipeline: Fitted, manifest: Manifest, artifact: Path) -> Scorer:
    try:
        scorer = Scorer.from_pipeline(pipeline)
    except ModelError as error:
        raise ModelError(f"{artifact}: {error}") from error
    if scorer.kind != manifest.kind:
        raise ModelError(
            f"{artifact}: a model of kind {scorer.kind}, and the manifest states {manifest.kind}; "
            f"promote the model again"
        )
    return scorer


def _check_golden(scorer: Scorer, golden: Sequence[GoldenSentence], place: Path) -> None:
    """Compare what the scorer gives with the figures of the day the model was made.

    Raises:
        GoldenMismatchError: they differ by more than TOLERANCE.
        ModelError: the golden set is not one of such a model.
    """
    served = scorer.probabilities([sentence.text for sentence in golden])
    width = served.shape[1]
    if {len(sentence.probabilities) for sentence in golden} != {width}:
        raise ModelError(
            f"{place}: expected sentences with {width} probabilities each; promote the model again"
        )
    differences = np.abs(served - [sentence.probabilities for sentence in golden]).max(axis=1)
    worst = int(differences.argmax())
    if not differences[worst] <= TOLERANCE:
        raise GoldenMismatchError(
            f"{place}: the model differs by {differences[worst]:.2g} on sentence {worst + 1}, expected at "
            f"most {TOLERANCE:g}; train the model anew on this machine's library versions"
        )
