"""A recipe on a handful of sentences, with labels that people gave."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from stream_app.core.scoring import Decision
from training.measures import Classes
from training.split import Side
from training.train import STEPS_PER_UNIT, Trained, train

WORDS = ("poor", "fine", "good")
RATINGS = (1.0, 3.0, 5.0)
COPIES = 40
PEOPLE = ("lovely", 2)  # what people call positive, and ratings never speak of
ROUGH = Decision("biases", (0.0, 0.0, 0.0))


class SmallGold:
    """Sentences of one word, whose class the word tells; people know one word more."""

    def batches(self, *sides: Side) -> Iterator[pd.DataFrame]:
        yield self.side(*sides)

    def side(self, *_: Side) -> pd.DataFrame:
        classes = np.tile(np.arange(3, dtype=np.int8), COPIES)
        return pd.DataFrame(
            {
                "text": [WORDS[number] for number in classes],
                "review": np.arange(len(classes)),
                "rating": [RATINGS[number] for number in classes],
                "target": classes / 2,
                "class": classes,
            }
        )

    def human(self, *sides: Side) -> pd.DataFrame:
        assert set(sides) <= {"tune"}, "only this half may be learned from"
        rows = [(word, number, "laptops") for number, word in enumerate(WORDS)] * COPIES
        rows += [(*PEOPLE, "laptops")] * COPIES
        # An odd sentence occurs once, with its word often enough for a weight: only who learned it knows.
        rows += [(f"odd{number} " * 5, number % 3, "laptops") for number in range(COPIES * 3)]
        return pd.DataFrame(rows, columns=["text", "class", "source"])


@pytest.fixture(scope="module")
def champion() -> Trained:
    return train("champion", SmallGold(), lambda _: None)


def test_it_learns_from_people_what_the_ratings_do_not_say(champion: Trained) -> None:
    assert champion.decisions["human"].sentence.labels(
        champion.scorer.probabilities([*WORDS, PEOPLE[0]])
    ).tolist() == [0, 1, 2, 2]


def test_the_seed_recipe_leaves_people_out() -> None:
    trained = train("seed", SmallGold(), lambda _: None)
    unknown = trained.scorer.probabilities([PEOPLE[0], "never seen"])
    assert unknown[0, 0] == unknown[1, 0]


def test_labels_are_tuned_by_models_that_did_not_learn_them(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[NDArray[np.float64], Classes]] = []

    def recorded(probabilities: NDArray[np.float64], gold: Classes) -> Decision:
        seen.append((probabilities, gold))
        return ROUGH

    monkeypatch.setattr("training.train.tuned", recorded)
    train("champion", SmallGold(), lambda _: None)
    rows, gold = seen[-1]
    odd = slice(-COPIES * 3, None)
    assert (rows[odd].argmax(axis=1) == gold[odd]).mean() < 0.6


def test_every_weight_is_a_step_that_float32_holds(champion: Trained) -> None:
    weights = champion.pipeline[-1].coef_
    assert weights.dtype == np.float32
    assert weights.any()
    assert (np.mod(weights * STEPS_PER_UNIT, 1) == 0).all()
