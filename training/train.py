"""Fit a recipe on a gold layer and decide its labels on held-out reviews."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from stream_app.core.features import HashedNgrams
from stream_app.core.manifest import Preset, PresetDecisions
from stream_app.core.regression import SigmoidRegression
from stream_app.core.scoring import LABELS, Scorer
from training.adagrad import Descent, Linear, Steps
from training.decisions import SEED_DECISION, tuned
from training.examples import ShuffledExamples
from training.measures import Classes, review_means
from training.split import Side
from training.targets import CRITICS, FOLDS, Taught, taught_by_people, taught_by_ratings

BITS: Final = 19
STEPS_PER_UNIT: Final = 256  # weights are multiples of 1/256: exact as float32, and small when compressed

RecipeName = Literal["champion", "seed"]
Announce = Callable[[str], None]


class GoldRows(Protocol):
    """What there is to train on: a gold layer, or a part of one."""

    def batches(self, *sides: Side) -> Iterator[pd.DataFrame]:
        """Sentences of these sides, never all in memory."""

    def side(self, *sides: Side) -> pd.DataFrame:
        """The same as one frame."""

    def human(self, *sides: Side) -> pd.DataFrame:
        """Human-labelled sentences."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is made.

    Attributes:
        taught: what a sentence learns of its review: its class, or its scaled rating.
        people: whether it learns from human-labelled sentences too.
        steps: how it is fitted.
    """

    taught: Taught
    people: bool
    steps: Steps

    @property
    def outputs(self) -> int:
        """Three probabilities, or one score."""
        return len(LABELS) if self.taught == "class" else 1


RECIPES: Final[dict[RecipeName, Recipe]] = {
    "champion": Recipe("class", people=True, steps=Steps()),
    "seed": Recipe("rating", people=False, steps=Steps()),
}


@dataclass(frozen=True, slots=True)
class Trained:
    """A model that was just made."""

    recipe: RecipeName
    pipeline: Pipeline
    scorer: Scorer
    decisions: dict[Preset, PresetDecisions]


def train(
    name: RecipeName, gold: GoldRows, announce: Announce, seed: int = 0, steps: Steps | None = None
) -> Trained:
    """Fit on the side `train` and on people's labels of the side `tune`, tune the decisions on `tune`.

    Args:
        name: of the recipe.
        gold: what to train on.
        announce: told each step as it begins.
        seed: draws the order of the sentences.
        steps: how to fit, in place of what the recipe says.
    """
    recipe = RECIPES[name] if steps is None else replace(RECIPES[name], steps=steps)
    with hashed(recipe, gold, announce, seed) as examples:
        announce(f"fitting the recipe {name} on {examples.rows:,} sentences")
        pipeline = fit(recipe, examples, announce, seed)
        scorer = Scorer.from_pipeline(pipeline)
        announce("tuning the decisions")
        unlearned = (
            _probabilities_of_people(recipe, examples, gold, announce, seed) if recipe.people else None
        )
    return Trained(name, pipeline, scorer, decide(scorer, gold, unlearned))


@contextmanager
def hashed(recipe: Recipe, gold: GoldRows, announce: Announce, seed: int) -> Iterator[ShuffledExamples]:
    """What the recipe learns from, hashed and shuffled, in a folder that is removed afterwards."""
    announce("hashing the sentences")
    with TemporaryDirectory(prefix="stream-train-") as folder:
        examples = ShuffledExamples(Path(folder), BITS, recipe.outputs)
        examples.write(taught_by_ratings(gold.batches("train"), recipe.taught), seed)
        if recipe.people:
            examples.write([taught_by_people(gold.human("tune"))], seed + 1)
        yield examples


def fit(
    recipe: Recipe, examples: ShuffledExamples, announce: Announce, seed: int, without: int | None = None
) -> Pipeline:
    """The pipeline fitted on the examples, those of the fold `without` left out."""

    def passed(number: int, loss: float) -> None:
        announce(f"pass {number} of {recipe.steps.passes}: loss {loss:.4f}")

    linear = Descent(examples, recipe.steps, seed, without).run(passed)
    return make_pipeline(HashedNgrams(examples.bits), _estimator(linear))


def _estimator(linear: Linear) -> Any:  # noqa: ANN401 - scikit-learn's
    """The layer as an estimator, its coefficients rounded so that float32 holds them exactly."""
    coefficients = np.round(linear.coefficients * STEPS_PER_UNIT) / np.float32(STEPS_PER_UNIT)
    if len(coefficients) == 1:
        sigmoid = SigmoidRegression()
        sigmoid.coef_, sigmoid.intercept_ = coefficients[0], float(linear.intercepts[0])
        return sigmoid
    softmax = LogisticRegression()
    softmax.coef_, softmax.intercept_ = coefficients, linear.intercepts
    softmax.classes_ = np.arange(len(LABELS))
    softmax.n_features_in_ = coefficients.shape[1]
    return softmax


def _probabilities_of_people(
    recipe: Recipe, examples: ShuffledExamples, gold: GoldRows, announce: Announce, seed: int
) -> NDArray[np.float64]:
    """Probabilities of the human-labelled sentences, each by a model that did not learn its fold."""
    labelled = taught_by_people(gold.human("tune"))
    probabilities = np.zeros((len(labelled.texts), recipe.outputs))
    if not labelled.texts:
        return probabilities
    for fold in range(FOLDS):
        announce(f"fitting without fold {fold + 1} of {FOLDS} of the human labels")
        scorer = Scorer.from_pipeline(fit(recipe, examples, announce, seed, fold))
        probabilities[labelled.folds == fold] = scorer.probabilities(labelled.texts)[labelled.folds == fold]
    return probabilities


def decide(
    scorer: Scorer, gold: GoldRows, unlearned: NDArray[np.float64] | None
) -> dict[Preset, PresetDecisions]:
    """The decisions of each preset.

    `seed`: cuts at 1/3 and 2/3 of the score. `inherited`: tuned on the classes of the reviews' ratings.
    `human`: a sentence's tuned on human labels, where there are any; a review's as in `inherited`, since its
    rating is what a human said of it.

    Args:
        scorer: of the model.
        gold: the side `tune` of it is used.
        unlearned: probabilities of the human-labelled sentences by models that did not learn them; None when
            the scorer itself did not.
    """
    inherited = _inherited(scorer, gold.side("tune"))
    decisions: dict[Preset, PresetDecisions] = {
        "seed": PresetDecisions(SEED_DECISION, SEED_DECISION),
        "inherited": inherited,
    }
    human = gold.human("tune")
    counted = ~human["source"].isin(CRITICS).to_numpy()  # their neutral means "says nothing"
    if counted.any():
        probabilities = scorer.probabilities(human["text"].tolist()) if unlearned is None else unlearned
        sentence = tuned(probabilities[counted], _classes(human)[counted])
        decisions["human"] = PresetDecisions(sentence, inherited.review)
    return decisions


def _inherited(scorer: Scorer, held_out: pd.DataFrame) -> PresetDecisions:
    probabilities = scorer.probabilities(held_out["text"].tolist())
    means = review_means(probabilities, held_out["review"].to_numpy())
    of_reviews = _classes(held_out.drop_duplicates("review"))
    return PresetDecisions(tuned(probabilities, _classes(held_out)), tuned(means, of_reviews))


def _classes(rows: pd.DataFrame) -> Classes:
    classes: Classes = rows["class"].to_numpy(dtype=np.int8)
    return classes
