"""Write a trained model as a candidate: artifact, golden set, card and manifest."""

import gzip
import hashlib
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Final

import joblib
import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from stream_app.bundled import bundled
from stream_app.core.errors import ModelError
from stream_app.core.manifest import (
    GoldenSentence,
    Manifest,
    Metric,
    TrainingFingerprint,
    encode_golden,
    encode_manifest,
)
from stream_app.core.scoring import Scorer
from stream_app.core.sentences import split_review
from stream_app.model_store import GOLDEN_FILE, MANIFEST_FILE, TOLERANCE
from training.gold import Gold
from training.reference import reference
from training.split import HELD_OUT
from training.train import Trained

CARD_FILE: Final = "MODEL_CARD.md"
GOLDEN_SIZE: Final = 64
LIBRARIES: Final = ("scikit-learn", "numpy", "scipy", "joblib", "numba")


class SampleReview(Struct):
    """What the golden set needs of a review of the sample."""

    title: str
    text: str


def serialize(pipeline: Pipeline) -> bytes:
    """The artifact's bytes: the same pipeline gives the same bytes."""
    buffer = io.BytesIO()
    joblib.dump(pipeline, buffer, compress=("xz", 6))
    return buffer.getvalue()


def golden_set(scorer: Scorer) -> list[GoldenSentence]:
    """Sentences of the tracked sample, which may be shipped, with what the scorer gives for them."""
    with gzip.open(bundled("womens_clothing_sample.jsonl.gz")) as lines:
        reviews = msgspec.json.Decoder(SampleReview).decode_lines(lines.read())
    texts = {
        (review.title if part == "title" else review.text)[start:end]
        for review in reviews
        for part, start, end in split_review(review.title, review.text)
    }
    drawn = sorted(texts, key=lambda text: hashlib.sha256(text.encode()).digest())[:GOLDEN_SIZE]
    rows = scorer.probabilities(drawn).tolist()
    return [GoldenSentence(text, tuple(row)) for text, row in zip(drawn, rows, strict=True)]


def check_serving_form(trained: Trained, golden: Sequence[GoldenSentence]) -> None:
    """Compare what scikit-learn's pipeline gives for the golden set with what its serving form gives.

    Raises:
        ModelError: they differ by more than TOLERANCE.
    """
    texts = [sentence.text for sentence in golden]
    served = np.array([sentence.probabilities for sentence in golden])
    own = pipeline_probabilities(trained.pipeline, texts)
    if own.shape != served.shape or not np.abs(own - served).max() <= TOLERANCE:
        raise ModelError("the pipeline and its serving form differ: the recipe's steps are not those served")


def pipeline_probabilities(pipeline: Pipeline, sentences: Sequence[str]) -> NDArray[np.float64]:
    """What the pipeline itself gives: shape (n, 3), or (n, 1) when it gives one score."""
    if hasattr(pipeline, "predict_proba"):
        probabilities: NDArray[np.float64] = pipeline.predict_proba(sentences)
        return probabilities
    return np.asarray(pipeline.predict(sentences), np.float64)[:, np.newaxis]


def write_candidate(root: Path, trained: Trained, gold: Gold, metrics: Sequence[Metric]) -> Path:
    """The candidate's folder below `root`, with everything but the card; the manifest is written last.

    Raises:
        ModelError: the pipeline is not what its serving form makes of it.
    """
    artifact = serialize(trained.pipeline)
    sha256 = hashlib.sha256(artifact).hexdigest()
    sentences = golden_set(trained.scorer)
    check_serving_form(trained, sentences)
    golden = encode_golden(sentences)
    created_at = datetime.now(UTC).replace(microsecond=0)
    manifest = Manifest(
        version=f"{created_at:%Y.%m.%d}-{sha256[:12]}",
        created_at=created_at,
        file=f"model-{sha256[:12]}.joblib",
        sha256=sha256,
        kind=trained.scorer.kind,
        decisions=trained.decisions,
        libraries={name: installed_version(name) for name in LIBRARIES},
        training=_fingerprint(trained, gold),
        reference=reference(trained.pipeline, trained.scorer, trained.decisions, gold.side(*HELD_OUT)),
        metrics=tuple(metrics),
        golden_sha256=hashlib.sha256(golden).hexdigest(),
    )
    folder = root / manifest.version
    folder.mkdir(parents=True, exist_ok=True)
    (folder / manifest.file).write_bytes(artifact)
    (folder / GOLDEN_FILE).write_bytes(golden)
    (folder / MANIFEST_FILE).write_bytes(encode_manifest(manifest))
    return folder


def _fingerprint(trained: Trained, gold: Gold) -> TrainingFingerprint:
    manifest = gold.manifest
    trained_on = {source: sides.get("train", 0) for source, sides in manifest.reviews.items()}
    return TrainingFingerprint(
        recipe=trained.recipe,
        seed=manifest.seed,
        sha256=manifest.fingerprint,
        reviews={source: count for source, count in trained_on.items() if count},
        sentences=manifest.total(manifest.sentences, "train"),
    )
