"""Small models in folders, whole enough for the model store."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from stream_app.core.drift import Histogram
from stream_app.core.features import HashedNgrams
from stream_app.core.manifest import (
    GoldenSentence,
    Manifest,
    PresetDecisions,
    TrainingFingerprint,
    decode_manifest,
    encode_golden,
    encode_manifest,
)
from stream_app.core.regression import SigmoidRegression
from stream_app.core.scoring import Decision, Scorer
from training.artifact import serialize

SENTENCES = ["good", "good sound", "fine", "it is fine", "poor", "poor battery, sadly", "", "!!!"]
CLASSES = [2, 2, 1, 1, 0, 0, 1, 1]
CUTS = PresetDecisions(Decision("cuts", (1 / 3, 2 / 3)), Decision("cuts", (1 / 3, 2 / 3)))
BIASES = PresetDecisions(Decision("biases", (0.0, 0.1, 0.2)), Decision("biases", (0.0, 0.3, 0.4)))


def three_class_pipeline() -> Pipeline:
    """Negative, neutral, positive."""
    pipeline = make_pipeline(HashedNgrams(10), LogisticRegression(C=10)).fit(SENTENCES, CLASSES)
    pipeline[-1].coef_ = pipeline[-1].coef_.astype(np.float32)
    return pipeline


def sigmoid_pipeline() -> Pipeline:
    """One score."""
    pipeline = make_pipeline(HashedNgrams(10), SigmoidRegression(C=10))
    pipeline.fit(SENTENCES, np.array(CLASSES) / 2)
    pipeline[-1].coef_ = pipeline[-1].coef_.astype(np.float32)
    return pipeline


def write_model(folder: Path, pipeline: Pipeline) -> Manifest:
    """A folder that the model store accepts."""
    artifact = serialize(pipeline)
    sha256 = hashlib.sha256(artifact).hexdigest()
    scorer = Scorer.from_pipeline(pipeline)
    rows = scorer.probabilities(SENTENCES).tolist()
    golden = encode_golden(
        [GoldenSentence(text, tuple(row)) for text, row in zip(SENTENCES, rows, strict=True)]
    )
    manifest = Manifest(
        version=f"test-{sha256[:12]}",
        created_at=datetime(2026, 1, 2, tzinfo=UTC),
        file=f"model-{sha256[:12]}.joblib",
        sha256=sha256,
        kind=scorer.kind,
        decisions={"seed": CUTS, "inherited": BIASES if scorer.kind == "biases" else CUTS},
        libraries={"scikit-learn": version("scikit-learn")},
        training=TrainingFingerprint("test", 0, "b" * 64, {"test": 8}, 8),
        reference={"review_score": Histogram((0.0, 1.0), (8,))},
        metrics=(),
        golden_sha256=hashlib.sha256(golden).hexdigest(),
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / manifest.file).write_bytes(artifact)
    (folder / "golden.jsonl").write_bytes(golden)
    (folder / "MODEL_CARD.md").write_text("# A test")
    (folder / "manifest.json").write_bytes(encode_manifest(manifest))
    return manifest


def edit_manifest(folder: Path, change: Callable[[Manifest], dict[str, object]]) -> None:
    """Put other values into a manifest."""
    path = folder / "manifest.json"
    manifest = decode_manifest(path.read_bytes())
    path.write_bytes(encode_manifest(msgspec.structs.replace(manifest, **change(manifest))))


def replace_artifact(folder: Path, content: bytes) -> None:
    """Another artifact, with a manifest that states its hash."""
    sha256 = hashlib.sha256(content).hexdigest()
    name = f"model-{sha256[:12]}.joblib"
    (folder / name).write_bytes(content)
    edit_manifest(folder, lambda _: {"file": name, "sha256": sha256})


def replace_golden(folder: Path, golden: list[GoldenSentence]) -> None:
    """Another golden set, with a manifest that states its hash."""
    content = encode_golden(golden)
    (folder / "golden.jsonl").write_bytes(content)
    edit_manifest(folder, lambda _: {"golden_sha256": hashlib.sha256(content).hexdigest()})
