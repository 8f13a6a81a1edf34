"""What a set of reviews looks like to the stream, as histograms: of held-out reviews, to tell drift by.

Held-out reviews make the reference and not those trained on, since a model is surer of what it has learnt.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stream_app.core.drift import Histogram
from stream_app.core.manifest import Preset, PresetDecisions
from stream_app.core.scoring import LABELS, FittedPipeline, Scorer
from training.measures import Classes, review_means
from training.unseen import TermCounts, count_terms

SCORE_EDGES: Final = tuple(step / 20 for step in range(21))
COUNT_EDGES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1e9)
LENGTH_EDGES: Final = (0, 10, 20, 40, 60, 80, 120, 160, 240, 400, 1e9)
LABEL_EDGES: Final = tuple(range(len(LABELS) + 1))
EITHER_EDGES: Final = (0, 1, 2)
PLAIN: Final = "inherited"
"""The preset whose histograms have no prefix."""


@dataclass(frozen=True, slots=True)
class Observations:
    """What was seen of some reviews, and what a model made of them.

    Attributes:
        review_scores: in [0, 1], one a review.
        review_labels: indices into LABELS, one a review.
        sentence_scores: one a sentence.
        sentence_labels: one a sentence.
        sentence_chars: length of each sentence in characters.
        sentences_per_review: one a review.
        agreement: one a review that has a rating: 1 where its label is the class of its rating, else 0.
        terms: of all sentences; None when their texts are not known.
    """

    review_scores: NDArray[np.float64]
    review_labels: Classes
    sentence_scores: NDArray[np.float64]
    sentence_labels: Classes
    sentence_chars: NDArray[np.integer[Any]]
    sentences_per_review: NDArray[np.integer[Any]]
    agreement: NDArray[np.int64]
    terms: TermCounts | None


def histograms(seen: Observations) -> dict[str, Histogram]:
    """A histogram of each kind of observation, by name."""
    found = {
        "review_score": _histogram(seen.review_scores, SCORE_EDGES),
        "review_label": _histogram(seen.review_labels, LABEL_EDGES),
        "sentence_score": _histogram(seen.sentence_scores, SCORE_EDGES),
        "sentence_label": _histogram(seen.sentence_labels, LABEL_EDGES),
        "sentence_chars": _histogram(seen.sentence_chars, LENGTH_EDGES),
        "sentences_per_review": _histogram(seen.sentences_per_review, COUNT_EDGES),
        "rating_agreement": _histogram(seen.agreement, EITHER_EDGES),
    }
    if seen.terms is not None:
        found["term_unseen"] = Histogram(EITHER_EDGES, (seen.terms.seen, seen.terms.unseen))
    return found


def reference(
    pipeline: FittedPipeline,
    scorer: Scorer,
    decisions: Mapping[Preset, PresetDecisions],
    held_out: pd.DataFrame,
) -> dict[str, Histogram]:
    """The reference of a model's manifest.

    What differs between the presets is there once for each: plainly named for PLAIN, with the preset's name
    and a dot before it for the others.

    Args:
        pipeline: the model.
        scorer: its serving form.
        decisions: per preset.
        held_out: sentences not trained on, review after review: text, review and class.
    """
    found: dict[str, Histogram] = {}
    probabilities = scorer.probabilities(held_out["text"].tolist())
    terms = count_terms(pipeline, held_out["text"].tolist())
    for preset, of_preset in decisions.items():
        of_this = histograms(_observed(held_out, probabilities, of_preset, terms))
        found |= {named(name, preset): histogram for name, histogram in of_this.items()}
    return found


PRESET_FREE: Final = (
    "review_score",
    "sentence_score",
    "sentence_chars",
    "sentences_per_review",
    "term_unseen",
)


def named(feature: str, preset: str) -> str:
    """What a feature is called in the reference, for one preset."""
    return feature if preset == PLAIN or feature in PRESET_FREE else f"{preset}.{feature}"


def _observed(
    rows: pd.DataFrame, probabilities: NDArray[np.float64], decisions: PresetDecisions, terms: TermCounts
) -> Observations:
    reviews = rows["review"].to_numpy()
    means = review_means(probabilities, reviews)
    labels = decisions.review.labels(means)
    firsts = np.flatnonzero(np.diff(reviews, prepend=-1))
    return Observations(
        review_scores=decisions.review.scores(means),
        review_labels=labels,
        sentence_scores=decisions.sentence.scores(probabilities),
        sentence_labels=decisions.sentence.labels(probabilities),
        sentence_chars=rows["text"].str.len().to_numpy(np.int64),
        sentences_per_review=np.diff(np.append(firsts, len(rows))),
        agreement=(labels == rows["class"].to_numpy()[firsts]).astype(np.int64),
        terms=terms,
    )


def _histogram(values: NDArray[np.generic], edges: Sequence[float]) -> Histogram:
    # The upper edge of the last bin is included, so the label 2 falls between 2 and 3.
    counts, _ = np.histogram(values, edges)
    return Histogram(tuple(edges), tuple(counts.tolist()))
