"""What each peer does with a review: split it, score its sentences with scikit-learn, build the result.

The result has the product's fields. The model may be asked about the sentences of one review, or of many.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple

import joblib
import numpy as np
from numpy.typing import NDArray
from sentencex import segment
from sklearn.pipeline import Pipeline

from bench.peers.source import Source

LABELS: Final = ("negative", "neutral", "positive")
MODEL_VERSION: Final = "tfidf-logistic"
SCHEMA: Final = "review_result.v1"
HEADERS: Final[list[tuple[str, Any]]] = [
    ("schema", SCHEMA.encode()),
    ("model-version", MODEL_VERSION.encode()),
]


class Sentence(NamedTuple):
    """A sentence and its place: character offsets into the part."""

    part: str
    start: int
    end: int
    text: str


def load_model(path: str) -> Pipeline:
    """The model that `bench.peers.train` wrote."""
    return joblib.load(path)


def sentences(review: dict[str, Any]) -> list[Sentence]:
    """The title, unless the text begins with it, and the sentences of the text."""
    title, text = (review.get("title") or "").strip(), review["text"]
    found = [] if not title or _opens(text, title) else [Sentence("title", 0, len(title), title)]
    end = 0
    for piece in segment("en", text):
        begin, end = end, end + len(piece)
        if stripped := piece.strip():
            start = begin + piece.index(stripped)
            found.append(Sentence("text", start, start + len(stripped), stripped))
    return found


def _opens(text: str, title: str) -> bool:
    return text.casefold().startswith(title.rstrip(".… ").casefold())


def classify(model: Pipeline, reviews: Sequence[tuple[dict[str, Any], Source]]) -> list[dict[str, Any]]:
    """The results of the reviews, all sentences scored in one call."""
    split = [sentences(review) for review, _ in reviews]
    texts = [sentence.text for found in split for sentence in found]
    probabilities: NDArray[np.float64] = model.predict_proba(texts)
    labels, scores = _decide(probabilities)
    counts = np.array([len(found) for found in split])
    means = np.add.reduceat(probabilities, np.cumsum(counts) - counts) / counts[:, np.newaxis]
    review_labels, review_scores = _decide(means)
    results = []
    first = 0
    for number, ((review, source), found) in enumerate(zip(reviews, split, strict=True)):
        last = first + len(found)
        judged = [
            _sentence(index, sentence, label, score)
            for index, (sentence, label, score) in enumerate(
                zip(found, labels[first:last], scores[first:last], strict=True)
            )
        ]
        results.append(_result(review, source, review_labels[number], review_scores[number], judged))
        first = last
    return results


def _decide(probabilities: NDArray[np.float64]) -> tuple[list[int], list[float]]:
    """Indices into LABELS, and scores P(positive) + P(neutral) / 2."""
    scores = (probabilities[:, 2] + probabilities[:, 1] / 2).round(6)
    return probabilities.argmax(axis=1).tolist(), scores.tolist()


def _sentence(index: int, sentence: Sentence, label: int, score: float) -> dict[str, Any]:
    part, start, end, text = sentence
    return {
        "index": index,
        "part": part,
        "start": start,
        "end": end,
        "label": LABELS[label],
        "score": score,
        "text": text,
    }


def _result(
    review: dict[str, Any], source: Source, label: int, score: float, judged: list[dict[str, Any]]
) -> dict[str, Any]:
    topic, partition, offset, timestamp_ms = source
    return {
        "review_id": str(review["review_id"]),
        "result_id": sha256(f"{topic}-{partition}-{offset}".encode()).hexdigest()[:16],
        "label": LABELS[label],
        "score": score,
        "sentences": judged,
        "model_version": MODEL_VERSION,
        "source": {"topic": topic, "partition": partition, "offset": offset, "timestamp_ms": timestamp_ms},
        "rating": review["rating"],
        "schema": SCHEMA,
    }
