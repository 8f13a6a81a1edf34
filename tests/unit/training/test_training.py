"""From a folder of reviews to a champion, on the tracked sample."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from stream_app.bundled import bundled
from stream_app.core.errors import ModelError
from stream_app.model_store import load_model, read_manifest
from tests.layers import gold_of
from training.artifact import CARD_FILE, serialize, write_candidate
from training.destinations import LocalFolder
from training.export import folder_files, publish
from training.gold import Gold
from training.train import RecipeName, Trained, train

SAMPLE = "womens_clothing_sample.jsonl.gz"


@pytest.fixture(scope="module")
def gold(tmp_path_factory: pytest.TempPathFactory) -> Gold:
    return gold_of(bundled(SAMPLE), tmp_path_factory.mktemp("layers"))


@pytest.fixture(scope="module")
def champion(gold: Gold) -> Trained:
    return train("champion", gold, lambda _: None)


@pytest.fixture
def candidate(gold: Gold, champion: Trained, tmp_path: Path) -> Path:
    folder = write_candidate(tmp_path / "candidates", champion, gold, [])
    (folder / CARD_FILE).write_text("# Card\n")
    return folder


def test_a_domain_stands_on_one_side(gold: Gold) -> None:
    reviews = gold.side().drop_duplicates("review")
    held_out = reviews["side"].isin(["tune", "test"])
    trained_on = set(reviews.loc[reviews["side"] == "train", "domain"])
    assert 0.05 < held_out.mean() < 0.25
    assert trained_on.isdisjoint(reviews.loc[held_out, "domain"])


def test_a_sentence_inherits_the_class_of_its_review(gold: Gold) -> None:
    by_rating = gold.side("train").groupby("rating")["class"].agg(["min", "max"])
    assert by_rating.to_dict("index") == {
        1: {"min": 0, "max": 0},
        2: {"min": 0, "max": 0},
        3: {"min": 1, "max": 1},
        4: {"min": 2, "max": 2},
        5: {"min": 2, "max": 2},
    }


@pytest.mark.parametrize("recipe", ["champion", "seed"])
def test_the_same_gold_gives_the_same_artifact(gold: Gold, recipe: RecipeName) -> None:
    once, again = (serialize(train(recipe, gold, lambda _: None).pipeline) for _ in range(2))
    assert once == again


def test_the_seed_recipe_gives_one_score_and_two_cuts(gold: Gold) -> None:
    trained = train("seed", gold, lambda _: None)
    scores = trained.scorer.probabilities(["I love it, it is perfect!", "Poor quality, it went back."])
    assert scores.shape == (2, 1)
    assert scores[0, 0] > scores[1, 0]
    assert trained.decisions["seed"].sentence.values == pytest.approx((1 / 3, 2 / 3))


def test_a_candidate_that_is_published_serves(candidate: Path, tmp_path: Path) -> None:
    publish(folder_files(candidate), LocalFolder(tmp_path / "champion"), None)
    version = read_manifest(candidate).version
    for preset in ("inherited", "seed"):
        assert load_model(tmp_path / "champion", preset).version == version


def test_a_candidate_that_is_not_whole_is_not_published(candidate: Path) -> None:
    next(candidate.glob("model-*.joblib")).write_bytes(b"cut off")
    with pytest.raises(ModelError, match="was changed or cut off"):
        folder_files(candidate)


def test_the_manifest_says_what_was_trained_on(candidate: Path) -> None:
    manifest = read_manifest(candidate)
    assert manifest.training.reviews.keys() == {"womens_clothing"}
    assert sum(manifest.reference["review_label"].counts) > 0
    assert sum(manifest.reference["seed.rating_agreement"].counts) > 0


def test_pipeline_and_scorer_agree(champion: Trained, gold: Gold) -> None:
    sentences = gold.side("test")["text"].tolist()[:200]
    served = champion.scorer.probabilities(sentences)
    np.testing.assert_allclose(served, champion.pipeline.predict_proba(sentences), atol=1e-9)


class Bold(Pipeline):  # type: ignore[misc] # scikit-learn ships no types
    """A pipeline whose probabilities are not what its serving form makes of its weights."""

    def predict_proba(self, X: list[str]) -> NDArray[np.float64]:  # noqa: N803 - scikit-learn's name
        squared: NDArray[np.float64] = super().predict_proba(X) ** 2
        return squared


def test_a_pipeline_that_differs_from_its_serving_form_becomes_no_candidate(
    gold: Gold, champion: Trained, tmp_path: Path
) -> None:
    bold = replace(champion, pipeline=Bold(champion.pipeline.steps))
    with pytest.raises(ModelError, match="the pipeline and its serving form differ"):
        write_candidate(tmp_path, bold, gold, [])
    assert not list(tmp_path.iterdir())
