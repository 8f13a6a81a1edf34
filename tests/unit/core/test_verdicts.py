import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stream_app.core.verdicts import decide, label_rows

BIASES = np.array([0.2, -0.1, 0.0])
CUTS = np.array([0.25, 0.75])
weights = st.lists(st.floats(0.001, 1), min_size=3, max_size=3)
slices = st.lists(st.lists(weights, min_size=1, max_size=6), max_size=6)


def probabilities_of(reviews: list[list[list[float]]]) -> NDArray[np.float64]:
    rows = np.array([row for review in reviews for row in review]).reshape(-1, 3)
    probabilities: NDArray[np.float64] = rows / rows.sum(axis=1, keepdims=True)
    return probabilities


@given(slices)
def test_a_review_is_judged_by_the_mean_of_its_sentences(reviews: list[list[list[float]]]) -> None:
    rows = probabilities_of(reviews)
    counts = np.array([len(review) for review in reviews], np.int64)
    verdicts = decide(rows, counts, CUTS, BIASES)
    ends = counts.cumsum()
    means = np.array([rows[end - n : end].mean(axis=0) for n, end in zip(counts, ends, strict=True)])
    means = means.reshape(-1, 3)
    np.testing.assert_allclose(verdicts.sentence_scores, rows[:, 2] + rows[:, 1] / 2, atol=5.1e-7)
    np.testing.assert_allclose(verdicts.scores, means[:, 2] + means[:, 1] / 2, atol=5.1e-7)
    sentence_scores = rows[:, 2] + rows[:, 1] / 2
    expected = (sentence_scores >= CUTS[0]).astype(int) + (sentence_scores > CUTS[1])
    assert verdicts.sentence_labels.tolist() == expected.tolist()
    assert verdicts.labels.tolist() == (np.log(means) + BIASES).argmax(axis=1).tolist()


def test_scores_have_six_places() -> None:
    verdicts = decide(np.array([[1 / 3], [2 / 3]]), np.array([2]), CUTS, CUTS)
    assert verdicts.sentence_scores.tolist() == [0.333333, 0.666667]
    assert verdicts.scores.tolist() == [0.5]


@pytest.mark.parametrize(("values", "labels"), [(BIASES, [0, 2]), (CUTS, [1, 2])])
def test_two_values_are_cuts_and_three_are_biases(values: NDArray[np.float64], labels: list[int]) -> None:
    rows = np.array([[0.4, 0.2, 0.4], [0.0, 0.0, 1.0]])
    assert label_rows(rows, values).tolist() == labels


def test_the_first_of_equal_classes_wins() -> None:
    assert label_rows(np.array([[0.25, 0.375, 0.375]]), np.zeros(3)).tolist() == [1]
