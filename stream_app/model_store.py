"""Open a model artifact: what its manifest states is checked before anything of it is used.

To serve a model takes the numbers that were fitted, and nothing of scikit-learn: `load_model` reads them out
of the pickle without it, which saves a worker 145 MB and a second. `verify_model` opens the pipeline itself
as well, and is what judges a model before it is promoted.
"""

import hashlib
import lzma
import warnings
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version as installed_version
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from joblib.numpy_pickle import NumpyUnpickler
from numpy.typing import NDArray

from stream_app.core.errors import ManifestError, ModelError
from stream_app.core.manifest import (
    GoldenSentence,
    Manifest,
    PresetDecisions,
    decode_golden,
    decode_manifest,
)
from stream_app.core.scoring import Model, Scorer

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

MANIFEST_FILE: Final = "manifest.json"
GOLDEN_FILE: Final = "golden.jsonl"
FORMER_FOLDER: Final = "former"  # below a champion's folder: what else than its artifact the former one had
TOLERANCE: Final = 1e-6
TRUSTED: Final = ("stream_app.core", "sklearn", "numpy", "scipy", "joblib.numpy_pickle")
_OF_ESTIMATORS: Final = ("stream_app.core", "sklearn")


class UnknownPresetError(ModelError):
    """The manifest has no decisions under the name asked for."""


class GoldenMismatchError(ModelError):
    """The model is whole, and gives other probabilities than it did on the day it was made."""


def load_model(folder: Path, preset: str) -> Model:
    """The model of a folder, with the decisions of one preset: whole, and as it was on the day it was made.

    Raises:
        UnknownPresetError: the manifest lacks the preset.
        ModelError: anything else that is missing or wrong; the message names the file and what to do.
    """
    manifest = read_manifest(folder)
    decisions = _decisions(manifest, preset, folder)
    _check_libraries(manifest, folder)
    golden = decode_golden(read_golden(folder, manifest))
    artifact = folder / manifest.file
    fitted = _load(_FittedUnpickler, _read_checked(artifact, manifest.sha256), artifact)
    scorer = _scorer(fitted, manifest, artifact)
    _check_stored(scorer, golden, folder)
    return Model(
        scorer=scorer,
        sentence_decision=decisions.sentence,
        review_decision=decisions.review,
        version=manifest.version,
        sha256=manifest.sha256,
        created_at=manifest.created_at.isoformat(),
        reference=manifest.reference,
    )


def verify_model(folder: Path, preset: str) -> Model:
    """The same, and its pipeline gives for the golden set what its serving form gives.

    Raises:
        ModelError: as `load_model`; GoldenMismatchError also when these two differ.
    """
    model = load_model(folder, preset)
    manifest = read_manifest(folder)
    artifact = folder / manifest.file
    pipeline = unpickle(_read_checked(artifact, manifest.sha256), artifact)
    check_golden(pipeline, model.scorer, decode_golden(read_golden(folder, manifest)), folder)
    return model


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


def _check_libraries(manifest: Manifest, folder: Path) -> None:
    """Refuse a model of another scikit-learn: its pickles hold for one minor version only."""
    made_with, installed = manifest.libraries.get("scikit-learn", "none"), installed_version("scikit-learn")
    if made_with.split(".")[:2] != installed.split(".")[:2]:
        raise ModelError(
            f"{folder / MANIFEST_FILE}: made with scikit-learn {made_with}, and {installed} is installed; "
            f"install scikit-learn {made_with} or train the model anew"
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


class _TrustingUnpickler(NumpyUnpickler):  # type: ignore[misc] # joblib ships no types
    """joblib's unpickler, for the classes that an artifact may hold."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - pickle's signature
        found = super().find_class(module, name) if _trusted(module) and "." not in name else None
        if found is None or not _trusted(getattr(found, "__module__", "")):
            raise ModelError(f"it holds {module}.{name}, expected classes of {', '.join(TRUSTED)} only")
        return found


class _Fitted:
    """What a fitted estimator is made of: its attributes, and no code."""


class _FittedUnpickler(_TrustingUnpickler):
    """The same, with `_Fitted` in place of every estimator, so that scikit-learn is not even imported."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - pickle's signature
        estimator = module.startswith(tuple(f"{root}." for root in _OF_ESTIMATORS))
        if estimator and name.isidentifier() and name[:1].isupper():
            return _Fitted
        return super().find_class(module, name)


def _trusted(module: str) -> bool:
    return any(module == root or module.startswith(f"{root}.") for root in TRUSTED)


def unpickle(content: bytes, path: Path) -> "Pipeline":
    """The fitted pipeline in the bytes of an artifact written by `joblib.dump` with `compress="xz"`.

    Args:
        content: the bytes.
        path: where they came from, for messages.

    Raises:
        ModelError: not such a file, or it holds a class that is not trusted.
    """
    with warnings.catch_warnings():
        # The minor version was compared; a patch release may differ, and the golden set is the judge.
        warnings.filterwarnings("ignore", message="Trying to unpickle estimator")
        return _load(_TrustingUnpickler, content, path)


def _load(unpickler: type[_TrustingUnpickler], content: bytes, path: Path) -> Any:  # noqa: ANN401 - what it holds
    try:
        return unpickler("", BytesIO(lzma.decompress(content)), ensure_native_byte_order=True).load()
    except Exception as error:  # a broken pickle raises whatever its instructions lead to
        raise ModelError(f"{path}: cannot be opened: {error}; promote the model again") from error


def _scorer(pipeline: "Pipeline", manifest: Manifest, artifact: Path) -> Scorer:
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


def check_golden(
    pipeline: "Pipeline", scorer: Scorer, golden: Sequence[GoldenSentence], folder: Path
) -> None:
    """Run the golden set through the pipeline and through its serving form.

    Raises:
        GoldenMismatchError: they differ by more than TOLERANCE.
    """
    texts = [sentence.text for sentence in golden]
    served, fitted = scorer.probabilities(texts), pipeline_probabilities(pipeline, texts)
    _compare(served, fitted, folder / GOLDEN_FILE, "the pipeline and its serving form")


def _check_stored(scorer: Scorer, golden: Sequence[GoldenSentence], folder: Path) -> None:
    place = folder / GOLDEN_FILE
    served = scorer.probabilities([sentence.text for sentence in golden])
    width = served.shape[1]
    if {len(sentence.probabilities) for sentence in golden} != {width}:
        raise ModelError(
            f"{place}: expected sentences with {width} probabilities each; promote the model again"
        )
    stored = np.array([sentence.probabilities for sentence in golden])
    _compare(served, stored, place, "the serving form and the stored probabilities")


def pipeline_probabilities(pipeline: "Pipeline", sentences: Sequence[str]) -> NDArray[np.float64]:
    """What the pipeline itself gives: shape (n, 3), or (n, 1) when it gives one score."""
    if hasattr(pipeline, "predict_proba"):
        probabilities: NDArray[np.float64] = pipeline.predict_proba(sentences)
        return probabilities
    return np.asarray(pipeline.predict(sentences), np.float64)[:, np.newaxis]


def _compare(one: NDArray[np.float64], other: NDArray[np.float64], place: Path, who: str) -> None:
    if one.shape != other.shape:
        raise GoldenMismatchError(
            f"{place}: {who} have shapes {one.shape} and {other.shape}; promote the model again"
        )
    differences = np.abs(one - other).max(axis=1)
    worst = int(differences.argmax())
    if not differences[worst] <= TOLERANCE:
        raise GoldenMismatchError(
            f"{place}: {who} differ by {differences[worst]:.2g} on sentence {worst + 1}, expected at most "
            f"{TOLERANCE:g}; train the model anew on this machine's library versions"
        )
