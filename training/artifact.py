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
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from stream_app.bundled import bundled
from stream_app.core.drift import Histogram
from stream_app.core.manifest import (
    GoldenSentence,
    Manifest,
    Metric,
    PresetDecisions,
    TrainingFingerprint,
    encode_golden,
    encode_manifest,
)
from stream_app.core.scoring import LABELS, Scorer
from stream_app.core.sentences import split_review
from stream_app.model_store import GOLDEN_FILE, MANIFEST_FILE
from training.dataset import HELD_OUT, Corpus, ReviewLine, fingerprint
from training.measures import review_means
from training.train import Trained

CARD_FILE: Final = "MODEL_CARD.md"
GOLDEN_SIZE: Final = 64
LIBRARIES: Final = ("scikit-learn", "numpy", "scipy", "joblib", "numba")
SCORE_EDGES: Final = tuple(step / 20 for step in range(21))
COUNT_EDGES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1e9)
LENGTH_EDGES: Final = (0, 10, 20, 40, 60, 80, 120, 160, 240, 400, 1e9)
LABEL_EDGES: Final = tuple(range(len(LABELS) + 1))


def serialize(pipeline: Pipeline) -> bytes:
    """The artifact's bytes: the same pipeline gives the same bytes."""
    buffer = io.BytesIO()
    joblib.dump(pipeline, buffer, compress=("xz", 6))
    return buffer.getvalue()


def golden_set(scorer: Scorer) -> list[GoldenSentence]:
    """Sentences of the tracked sample, which may be shipped, with what the scorer gives for them."""
    with gzip.open(bundled("womens_clothing_sample.jsonl.gz")) as lines:
        reviews = msgspec.json.Decoder(ReviewLine).decode_lines(lines.read())
    texts = {
        ((review.title or "") if part == "title" else review.text)[start:end]
        for review in reviews
        for part, start, end in split_review(review.title or "", review.text)
    }
    drawn = sorted(texts, key=lambda text: hashlib.sha256(text.encode()).digest())[:GOLDEN_SIZE]
    rows = scorer.probabilities(drawn).tolist()
    return [GoldenSentence(text, tuple(row)) for text, row in zip(drawn, rows, strict=True)]


def write_candidate(
    root: Path, trained: Trained, corpus: Corpus, seed: int, metrics: Sequence[Metric]
) -> Path:
    """The candidate's folder below `root`, with everything but the card; the manifest is written last."""
    artifact = serialize(trained.pipeline)
    sha256 = hashlib.sha256(artifact).hexdigest()
    golden = encode_golden(golden_set(trained.scorer))
    created_at = datetime.now(UTC).replace(microsecond=0)
    manifest = Manifest(
        version=f"{created_at:%Y.%m.%d}-{sha256[:12]}",
        created_at=created_at,
        file=f"model-{sha256[:12]}.joblib",
        sha256=sha256,
        kind=trained.scorer.kind,
        decisions=trained.decisions,
        libraries={name: installed_version(name) for name in LIBRARIES},
        training=_fingerprint(trained, corpus, seed),
        reference=reference(trained.scorer, trained.decisions["inherited"], corpus),
        metrics=tuple(metrics),
        golden_sha256=hashlib.sha256(golden).hexdigest(),
    )
    folder = root / manifest.version
    folder.mkdir(parents=True, exist_ok=True)
    (folder / manifest.file).write_bytes(artifact)
    (folder / GOLDEN_FILE).write_bytes(golden)
    (folder / MANIFEST_FILE).write_bytes(encode_manifest(manifest))
    return folder


def _fingerprint(trained: Trained, corpus: Corpus, seed: int) -> TrainingFingerprint:
    reviews = corpus.reviews[corpus.reviews["side"] == "train"]
    return TrainingFingerprint(
        recipe=trained.recipe,
        seed=seed,
        sha256=fingerprint(corpus.reviews),
        reviews={
            str(source): int(count) for source, count in sorted(reviews["source"].value_counts().items())
        },
        sentences=len(corpus.side("train")),
    )


def reference(scorer: Scorer, decisions: PresetDecisions, corpus: Corpus) -> dict[str, Histogram]:
    """How held-out reviews are distributed, in what the stream sees of them and makes of them."""
    rows = corpus.side(*HELD_OUT)
    probabilities = scorer.probabilities(rows["text"].tolist())
    reviews = rows["review"].to_numpy()
    means = review_means(probabilities, reviews)
    return {
        "review_score": _histogram(decisions.review.scores(means), SCORE_EDGES),
        "review_label": _histogram(decisions.review.labels(means), LABEL_EDGES),
        "sentence_score": _histogram(decisions.sentence.scores(probabilities), SCORE_EDGES),
        "sentence_label": _histogram(decisions.sentence.labels(probabilities), LABEL_EDGES),
        "sentence_chars": _histogram(rows["text"].str.len().to_numpy(), LENGTH_EDGES),
        "sentences_per_review": _histogram(np.unique(reviews, return_counts=True)[1], COUNT_EDGES),
    }


def _histogram(values: NDArray[np.generic], edges: Sequence[float]) -> Histogram:
    # The upper edge of the last bin is included, so the label 2 falls between 2 and 3.
    counts, _ = np.histogram(values, edges)
    return Histogram(tuple(edges), tuple(counts.tolist()))
