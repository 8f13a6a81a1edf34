import numpy as np
import pandas as pd
import pytest

from training.examples import NO_FOLD
from training.targets import (
    CRITICS_WEIGHT,
    FOLDS,
    HUMAN_WEIGHT,
    LUKEWARM,
    review_weights,
    taught_by_people,
    taught_by_ratings,
)

REVIEWS = pd.DataFrame(
    {
        "text": list("abcdef"),
        "review": [0, 0, 0, 0, 1, 2],
        "rating": [5.0, 5.0, 5.0, 5.0, 4.0, 2.0],
        "class": np.array([2, 2, 2, 2, 2, 0], np.int8),
        "target": [1.0, 1.0, 1.0, 1.0, 0.75, 0.25],
    }
)


def test_a_rating_next_to_neutral_teaches_some_neutral() -> None:
    (taught,) = taught_by_ratings([REVIEWS], "class")
    assert taught.texts == list("abcdef")
    assert taught.targets[0].tolist() == [0, 0, 1]
    assert taught.targets[4].tolist() == pytest.approx([0, LUKEWARM, 1 - LUKEWARM])
    assert taught.targets[5].tolist() == pytest.approx([1 - LUKEWARM, LUKEWARM, 0])
    assert (taught.folds == NO_FOLD).all()


def test_the_sentences_of_a_long_review_count_less_each() -> None:
    reviews = np.array([7] * 16 + [9])
    assert review_weights(reviews).tolist() == [0.5] * 16 + [1]


def test_a_score_is_taught_as_it_is_and_all_sentences_alike() -> None:
    (taught,) = taught_by_ratings([REVIEWS], "rating")
    assert taught.targets[:, 0].tolist() == [1, 1, 1, 1, 0.75, 0.25]
    assert taught.weights.tolist() == [1] * 6


def test_people_are_believed_more_and_each_source_lies_in_every_fold() -> None:
    human = pd.DataFrame(
        {
            "text": list("abcdef"),
            "class": np.array([0, 1, 2, 0, 1, 2], np.int8),
            "source": ["laptops", "laptops", "vader_movie", "laptops", "laptops", "vader_movie"],
        }
    )
    taught = taught_by_people(human)
    assert taught.targets.argmax(axis=1).tolist() == [0, 1, 2, 0, 1, 2]
    assert taught.weights.tolist() == [
        HUMAN_WEIGHT if source == "laptops" else CRITICS_WEIGHT for source in human["source"]
    ]
    for source in ("laptops", "vader_movie"):
        assert set(taught.folds[(human["source"] == source).to_numpy()].tolist()) == set(range(FOLDS))
