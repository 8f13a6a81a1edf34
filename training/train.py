"""Fit a recipe on a gold layer and decide its labels on held-out reviews."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from stream_app.core.features import HashedNgrams
from stream_app.core.manifest import Preset, PresetDecisions
from stream_app.core.regression import SigmoidRegression
from stream_app.core.scoring import Scorer
from training.decisions import SEED_DECISION, tuned
from training.gold import Gold
from training.measures import Classes, review_means

BITS: Final = 19
MIN_SENTENCES: Final = 3  # a bucket that fewer sentences fall into gets no weight
STEPS_PER_UNIT: Final = 256  # weights are multiples of 1/256: exact as float32, and small when compressed
# Snippets of film critics, far from any review that comes in; their neutral means "says nothing".
NOT_TUNED_ON: Final = ("vader_movie",)

RecipeName = Literal["champion", "seed"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is made.

    Attributes:
        estimator: makes the unfitted linear estimator.
        target: what of a sentence's review it learns: `class` or `target`, the scaled rating.
    """

    estimator: Callable[[], Any]
    target: Literal["class", "target"]


RECIPES: Final[dict[RecipeName, Recipe]] = {
    "champion": Recipe(lambda: LogisticRegression(C=1.0, tol=1e-4, max_iter=1000), "class"),
    "seed": Recipe(lambda: SigmoidRegression(C=1.0, tol=1e-4, max_iter=1000), "target"),
}


@dataclass(frozen=True, slots=True)
class Trained:
    """A model that was just made."""

    recipe: RecipeName
    pipeline: Pipeline
    scorer: Scorer
    decisions: dict[Preset, PresetDecisions]


def train(recipe: RecipeName, gold: Gold, announce: Callable[[str], None]) -> Trained:
    """Fit on the side `train`, tune the decisions on the side `tune`.

    Args:
        recipe: name of the recipe.
        gold: what to train on.
        announce: told each step as it begins.
    """
    sentences = gold.side("train")
    announce(f"fitting the recipe {recipe} on {len(sentences):,} sentences")
    how = RECIPES[recipe]
    pipeline = fit(how.estimator(), sentences["text"].tolist(), sentences[how.target].to_numpy())
    scorer = Scorer.from_pipeline(pipeline)
    announce("tuning the decisions")
    return Trained(recipe, pipeline, scorer, decide(scorer, gold))


def fit(estimator: Any, sentences: Sequence[str], targets: NDArray[Any]) -> Pipeline:  # noqa: ANN401 - scikit-learn's
    """Hashed n-grams and the estimator, fitted on the buckets that enough sentences fall into.

    One thread: more of them gain little here, and sums in another order would give another artifact.
    """
    features = HashedNgrams(BITS)
    matrix = features.transform(sentences)
    kept = np.flatnonzero(np.bincount(matrix.indices, minlength=2**BITS) >= MIN_SENTENCES)
    with threadpool_limits(1):
        estimator.fit(matrix[:, kept], targets)
    estimator.coef_ = _spread(estimator.coef_, kept)
    estimator.n_features_in_ = 2**BITS
    return make_pipeline(features, estimator)


def _spread(coefficients: NDArray[np.float64], kept: NDArray[np.int64]) -> NDArray[np.float32]:
    """Coefficients of all buckets, rounded so that float32 holds them exactly."""
    spread = np.zeros((*coefficients.shape[:-1], 2**BITS), np.float32)
    spread[..., kept] = np.round(coefficients * STEPS_PER_UNIT) / STEPS_PER_UNIT
    return spread


def decide(scorer: Scorer, gold: Gold) -> dict[Preset, PresetDecisions]:
    """The decisions of each preset.

    `seed`: cuts at 1/3 and 2/3 of the score. `inherited`: tuned on the classes of the reviews' ratings.
    `human`: a sentence's tuned on human labels, where there are any; a review's as in `inherited`, since its
    rating is what a human said of it.
    """
    held_out = gold.side("tune")
    inherited = _inherited(scorer, held_out)
    decisions: dict[Preset, PresetDecisions] = {
        "seed": PresetDecisions(SEED_DECISION, SEED_DECISION),
        "inherited": inherited,
    }
    labelled = _tuning_sentences(gold.human("tune"))
    if len(labelled):
        probabilities = scorer.probabilities(labelled["text"].tolist())
        sentence = tuned(probabilities, _classes(labelled))
        decisions["human"] = PresetDecisions(sentence, inherited.review)
    return decisions


def _inherited(scorer: Scorer, held_out: pd.DataFrame) -> PresetDecisions:
    probabilities = scorer.probabilities(held_out["text"].tolist())
    means = review_means(probabilities, held_out["review"].to_numpy())
    of_reviews = _classes(held_out.drop_duplicates("review"))
    return PresetDecisions(tuned(probabilities, _classes(held_out)), tuned(means, of_reviews))


def _tuning_sentences(human: pd.DataFrame) -> pd.DataFrame:
    return human[~human["source"].isin(NOT_TUNED_ON)]


def _classes(rows: pd.DataFrame) -> Classes:
    classes: Classes = rows["class"].to_numpy(dtype=np.int8)
    return classes
