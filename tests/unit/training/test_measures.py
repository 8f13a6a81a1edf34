import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import f1_score, precision_recall_fscore_support

from training.decisions import tuned
from training.measures import Classes, confusion, macro_f1, macro_f1_of, precision_of, recall_of, review_means

classes = st.integers(1, 60).flatmap(
    lambda size: st.tuples(*[arrays(np.int8, size, elements=st.integers(0, 2))] * 2)
)


@given(classes)
def test_macro_f1_is_that_of_scikit_learn_over_the_classes_that_occur(pair: tuple[Classes, Classes]) -> None:
    gold, labels = pair
    theirs = f1_score(gold, labels, labels=np.unique(gold), average="macro", zero_division=0)
    assert macro_f1(gold, labels) == pytest.approx(theirs)


def test_rows_of_the_confusion_are_gold() -> None:
    gold, labels = np.array([0, 0, 2], np.int8), np.array([0, 1, 1], np.int8)
    assert confusion(gold, labels).tolist() == [[1, 1, 0], [0, 0, 0], [0, 1, 0]]


def test_a_review_has_the_mean_of_its_sentences() -> None:
    rows = np.array([[0.2], [0.4], [0.9], [0.1]])
    means = review_means(rows, np.array([3, 3, 7, 8]))
    assert means == pytest.approx(np.array([[0.3], [0.9], [0.1]]))


def test_biases_make_up_for_a_class_that_is_always_too_low() -> None:
    random = np.random.default_rng(3)
    gold = random.integers(0, 3, 600).astype(np.int8)
    fair = random.dirichlet(np.ones(3), 600) * 0.2
    fair[np.arange(600), gold] += 0.8
    skewed = fair * [1, 0.05, 1]
    skewed /= skewed.sum(axis=1, keepdims=True)
    decision = tuned(skewed, gold)
    assert decision.kind == "biases"
    assert decision.values[0] == 0
    assert 1.5 <= decision.values[1] <= 3
    assert (
        macro_f1(gold, decision.labels(skewed)) > 0.98 > macro_f1(gold, skewed.argmax(axis=1).astype(np.int8))
    )


def test_cuts_are_found_where_the_classes_part() -> None:
    scores = np.linspace(0, 1, 500)
    gold = (scores > 0.3).astype(np.int8) + (scores > 0.8).astype(np.int8)
    decision = tuned(scores[:, np.newaxis], gold)
    assert decision.kind == "cuts"
    assert decision.values == pytest.approx((0.3, 0.8), abs=0.021)


@given(classes)
def test_precision_and_recall_are_those_of_scikit_learn(pair: tuple[Classes, Classes]) -> None:
    gold, labels = pair
    precision, recall, *_ = precision_recall_fscore_support(gold, labels, labels=[0, 1, 2], zero_division=0)
    counts = confusion(gold, labels)
    assert precision_of(counts) == pytest.approx(precision)
    assert recall_of(counts) == pytest.approx(recall)


@given(classes)
def test_many_confusions_at_once_are_each_alone(pair: tuple[Classes, Classes]) -> None:
    there, back = confusion(*pair), confusion(*pair[::-1])
    both = np.stack([there, back, np.zeros_like(there)])
    assert macro_f1_of(both).tolist() == [macro_f1(*pair), macro_f1(*pair[::-1]), 0]
