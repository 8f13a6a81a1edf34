from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from stream_app.core.manifest import PresetDecisions
from stream_app.core.scoring import Decision
from tests.golds import Labelled, Review, write_reviews
from training.comparison import differences
from training.evaluate import Classifier, Evaluation, evaluate
from training.gold import Gold

ARGMAX = PresetDecisions(Decision("biases", (0.0, 0.0, 0.0)), Decision("biases", (0.0, 0.0, 0.0)))
WORDS = {"bad": 0, "so": 1, "good": 2}
REVIEWS = [
    Review("test", 5, ("good", "good", "bad")),
    Review("test", 1, ("bad", "so"), "stall"),
    Review("test", 3, ("so",)),
    Review("tune", 5, ("never seen",)),
    Review("train", 5, ("never seen",)),
    Review("familiar", 1, ("bad",)),
]
HUMAN = [
    Labelled("good", 2),
    Labelled("bad", 2),
    Labelled("so", 1, "diary"),
    Labelled("so", 1, "lab", "tune"),
]


def by_word(sentences: Sequence[str]) -> NDArray[np.float64]:
    """Sure of the one word that a sentence is."""
    return np.eye(3)[[WORDS[sentence] for sentence in sentences]] * 0.7 + 0.1


ORACLE = Classifier("oracle", by_word, {"inherited": ARGMAX, "human": ARGMAX})
CONSTANT = Classifier(
    "constant", lambda texts: np.tile([0.1, 0.1, 0.8], (len(texts), 1)), {"inherited": ARGMAX}
)


@pytest.fixture
def gold(tmp_path: Path) -> Gold:
    return write_reviews(tmp_path / "gold", REVIEWS, HUMAN)


def figure(evaluation: Evaluation, classifier: str, dataset: str, level: str) -> float:
    (found,) = [
        each.macro_f1.value
        for each in evaluation.figures
        if (each.classifier, each.dataset, each.level) == (classifier, dataset, level)
    ]
    return found


def test_what_is_measured_on_which_rows(gold: Gold) -> None:
    evaluation = evaluate([ORACLE, CONSTANT], gold)
    assert [(each.classifier, each.dataset, each.level, each.rows) for each in evaluation.figures] == [
        ("oracle", "new domains", "sentence", 6),
        ("constant", "new domains", "sentence", 6),
        ("oracle", "new domains", "review", 3),
        ("constant", "new domains", "review", 3),
        ("oracle", "familiar domains", "sentence", 1),
        ("constant", "familiar domains", "sentence", 1),
        ("oracle", "familiar domains", "review", 1),
        ("constant", "familiar domains", "review", 1),
        ("oracle", "human: diary", "sentence", 1),
        ("oracle", "human: lab", "sentence", 2),
    ]


def test_a_review_is_judged_by_the_mean_of_its_sentences(gold: Gold) -> None:
    evaluation = evaluate([ORACLE], gold)
    reviews = next(each for each in evaluation.judged if each.rows.level == "review")
    judgement = reviews.judgements["oracle"]
    assert judgement.probabilities == pytest.approx(
        np.array([[1, 0.3, 1.7], [0.9, 0.9, 0.2], [0.1, 0.8, 0.1]]) / [[3], [2], [1]]
    )
    assert judgement.labels.tolist() == [2, 0, 1]
    assert reviews.rows.gold.tolist() == [2, 0, 1]
    assert reviews.rows.targets.tolist() == [1, 0, 0.5]
    assert reviews.rows.lengths.tolist() == [3, 2, 1]
    assert reviews.rows.sources.tolist() == ["shop", "stall", "shop"]
    assert figure(evaluation, "oracle", "new domains", "review") == 1


def test_sentences_and_reviews_are_decided_by_decisions_of_their_own(gold: Gold) -> None:
    always_neutral = PresetDecisions(ARGMAX.sentence, Decision("biases", (0.0, 9.0, 0.0)))
    classifier = Classifier("two", by_word, {"inherited": always_neutral})
    sentences, reviews, *_ = evaluate([classifier], gold).judged
    assert sentences.judgements["two"].labels.tolist() == [2, 2, 0, 0, 1, 1]
    assert reviews.judgements["two"].labels.tolist() == [1, 1, 1]


def test_sentences_inherit_class_and_are_drawn_with_their_review(gold: Gold) -> None:
    sentences = evaluate([ORACLE], gold).judged[0]
    assert sentences.texts == ("good", "good", "bad", "bad", "so", "so")
    assert sentences.rows.gold.tolist() == [2, 2, 2, 0, 0, 1]
    assert sentences.rows.groups.tolist() == [0, 0, 0, 1, 1, 2]
    assert sentences.rows.lengths.tolist() == [4, 4, 3, 3, 2, 2]


def test_human_labels_stand_on_the_scale_of_the_score(gold: Gold) -> None:
    lab = next(each for each in evaluate([ORACLE], gold).judged if each.rows.dataset == "human: lab")
    assert lab.rows.preset == "human"
    assert lab.rows.targets.tolist() == [1, 1]
    assert lab.rows.groups.tolist() == [0, 1]


def test_metrics_are_those_of_the_classifier_asked_for(gold: Gold) -> None:
    metrics = evaluate([ORACLE, CONSTANT], gold).metrics("constant")
    assert [metric.dataset for metric in metrics] == ["new domains"] * 2 + ["familiar domains"] * 2
    assert metrics[0].macro_f1 == round(2 * 0.5 / 1.5 / 3, 4)


def test_a_figure_too_good_for_sentences_is_a_leak_and_of_reviews_or_people_it_is_not(tmp_path: Path) -> None:
    plain = [Review("test", rating, (word,)) for rating, word in ((1, "bad"), (3, "so"), (5, "good"))]
    gold = write_reviews(tmp_path / "plain", plain, [Labelled("good", 2)])
    evaluation = evaluate([ORACLE, CONSTANT], gold)
    assert [(each.classifier, each.dataset, each.level) for each in evaluation.leaks] == [
        ("oracle", "new domains", "sentence")
    ]


def test_differences_are_to_each_other_classifier_on_what_both_judged(gold: Gold) -> None:
    evaluation = evaluate([ORACLE, CONSTANT], gold)
    found = differences(evaluation, "oracle")
    assert [(each.dataset, each.level, each.against) for each in found] == [
        ("new domains", "sentence", "constant"),
        ("new domains", "review", "constant"),
        ("familiar domains", "sentence", "constant"),
        ("familiar domains", "review", "constant"),
    ]
    gain = figure(evaluation, "oracle", "new domains", "review") - figure(
        evaluation, "constant", "new domains", "review"
    )
    assert found[1].macro_f1.value == pytest.approx(gain)
    assert differences(evaluation, "constant")[1].macro_f1.value == pytest.approx(-gain)
    assert differences(evaluation, "nobody") == []
