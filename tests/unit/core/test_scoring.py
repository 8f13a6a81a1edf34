from collections.abc import Sequence
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from stream_app.core.errors import ModelError, NonFiniteScoreError
from stream_app.core.features import HashedNgrams
from stream_app.core.regression import SigmoidRegression
from stream_app.core.scoring import LABELS, Decision, Scorer

BITS = 10
SENTENCES = ["good", "good sound", "fine", "it is fine", "poor", "poor battery, sadly", "", "!!!"]
CLASSES = [2, 2, 1, 1, 0, 0, 1, 1]
texts = st.lists(st.text(st.characters(), max_size=80), max_size=8)
wordy = st.lists(st.text(st.sampled_from("gop ds.\n!\u2019é\ud800"), max_size=60), max_size=8)


def rounded(pipeline: Pipeline) -> Pipeline:
    estimator = pipeline[-1]
    estimator.coef_ = estimator.coef_.astype(np.float32)
    return pipeline


def three_classes() -> Pipeline:
    return rounded(make_pipeline(HashedNgrams(BITS), LogisticRegression(C=10)).fit(SENTENCES, CLASSES))


def sigmoid() -> Pipeline:
    targets = np.array(CLASSES) / 2
    return rounded(make_pipeline(HashedNgrams(BITS), SigmoidRegression(C=10)).fit(SENTENCES, targets))


THREE = three_classes()
ONE = sigmoid()
SCORER = Scorer.from_pipeline(THREE)
SIGMOID_SCORER = Scorer.from_pipeline(ONE)


@given(st.one_of(texts, wordy))
def test_the_serving_form_gives_what_the_pipeline_gives(sentences: list[str]) -> None:
    served = SCORER.probabilities(sentences)
    assert served.shape == (len(sentences), len(LABELS))
    if sentences:  # scikit-learn takes no empty matrix
        np.testing.assert_allclose(served, THREE.predict_proba(sentences), rtol=0, atol=1e-12)
        scores = SIGMOID_SCORER.probabilities(sentences)
        np.testing.assert_allclose(scores[:, 0], ONE.predict(sentences), rtol=0, atol=1e-12)


@given(st.one_of(texts, wordy))
def test_a_sentence_has_the_same_probabilities_alone_and_in_any_batch(sentences: list[str]) -> None:
    for scorer in (SCORER, SIGMOID_SCORER):
        together = scorer.probabilities(sentences)
        alone = [scorer.probabilities([sentence])[0].tobytes() for sentence in sentences]
        assert [row.tobytes() for row in together] == alone


@given(st.one_of(texts, wordy))
def test_probabilities_are_probabilities_and_scores_lie_between_0_and_1(sentences: list[str]) -> None:
    probabilities = SCORER.probabilities(sentences)
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-12)
    for scorer in (SCORER, SIGMOID_SCORER):
        scores = Decision("cuts", (0.3, 0.7)).scores(scorer.probabilities(sentences))
        assert scores.shape == (len(sentences),)
        assert ((scores >= 0) & (scores <= 1)).all()


def test_no_sentence_gives_no_row() -> None:
    assert SCORER.probabilities([]).shape == (0, 3)
    assert SIGMOID_SCORER.probabilities([]).shape == (0, 1)


def test_it_learned_what_it_was_taught() -> None:
    labels = Decision("biases", (0, 0, 0)).labels(
        SCORER.probabilities(["good sound", "fine", "poor battery"])
    )
    assert [LABELS[label] for label in labels] == ["positive", "neutral", "negative"]


def test_the_kind_is_that_of_the_estimator() -> None:
    assert (SCORER.kind, SIGMOID_SCORER.kind) == ("biases", "cuts")


def test_extreme_weights_stay_finite() -> None:
    weights = np.zeros((3, 2**BITS))
    weights[0], weights[2] = -1e30, 1e30
    assert Scorer(weights, np.zeros(3)).probabilities(["a long sentence"]).tolist() == [[0, 0, 1]]
    assert Scorer(weights[:1], np.zeros(1)).probabilities(["a long sentence"]).tolist() == [[0]]


def test_what_overflows_is_never_given_out() -> None:
    weights = np.full((3, 2**BITS), 3e38)
    scorer = Scorer(weights, np.array([1.7e308, 1.7e308, 1.7e308]))
    scorer._biases[:] = np.inf  # no finite weights get there
    with pytest.raises(NonFiniteScoreError, match="not finite"):
        scorer.probabilities(["anything"])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(bad: float) -> None:
    weights = np.zeros((3, 2**BITS))
    weights[1, 5] = bad
    with pytest.raises(ModelError, match="expected finite numbers"):
        Scorer(weights, np.zeros(3))


@pytest.mark.parametrize(
    ("coefficients", "intercepts"),
    [((2, 1024), (2,)), ((3, 1000), (3,)), ((3, 1), (3,)), ((3, 0), (3,)), ((3, 1024), (1,))],
)
def test_shapes_that_do_not_fit_are_refused(coefficients: tuple[int, int], intercepts: tuple[int]) -> None:
    with pytest.raises(ModelError, match="one or three outputs and a power of two"):
        Scorer(np.zeros(coefficients), np.zeros(intercepts))


def linear(classes: Sequence[int], buckets: int = 2**BITS) -> SimpleNamespace:
    return SimpleNamespace(coef_=np.zeros((3, buckets)), intercept_=np.zeros(3), classes_=np.array(classes))


@pytest.mark.parametrize(
    ("estimators", "message"),
    [
        ([LogisticRegression()], "expected fitted HashedNgrams"),
        ([HashedNgrams(BITS), LogisticRegression()], "expected fitted HashedNgrams"),
        ([HashedNgrams(BITS), SimpleNamespace(coef_=None, intercept_=0)], "pipeline: "),
        ([HashedNgrams(BITS), linear([0, 1, 2], 512)], "512 coefficients for 1024 buckets"),
        ([HashedNgrams(BITS), linear([2, 1, 0])], r"expected classes \[0, 1, 2\], got \[2, 1, 0\]"),
    ],
)
def test_a_pipeline_of_another_form_is_refused(estimators: list[object], message: str) -> None:
    pipeline = SimpleNamespace(steps=[(str(number), step) for number, step in enumerate(estimators)])
    with pytest.raises(ModelError, match=message):
        Scorer.from_pipeline(pipeline)


def test_biases_move_the_label() -> None:
    probabilities = np.array([[0.5, 0.2, 0.3], [0.2, 0.2, 0.6]])
    assert Decision("biases", (0.0, 0.0, 0.0)).labels(probabilities).tolist() == [0, 2]
    assert Decision("biases", (0.0, 1.0, 0.0)).labels(probabilities).tolist() == [1, 2]
    assert Decision("biases", (0.0, 0.0, 0.0)).labels(probabilities).dtype == np.int8


def test_a_class_without_probability_never_wins() -> None:
    assert Decision("biases", (0.0, 500.0, 0.0)).labels(np.array([[0.3, 0.0, 0.7]])).tolist() == [2]


def test_a_score_on_a_cut_is_neutral() -> None:
    scores = np.array([[0.0], [0.2499], [0.25], [0.5], [0.75], [0.7501], [1.0]])
    decision = Decision("cuts", (0.25, 0.75))
    assert decision.labels(scores).tolist() == [0, 0, 1, 1, 1, 2, 2]
    assert decision.labels(scores).dtype == np.int8


def test_the_score_of_three_probabilities_counts_neutral_half() -> None:
    probabilities = np.array([[0.2, 0.4, 0.4], [0.9, 0.1, 0.0]])
    decision = Decision("cuts", (0.25, 0.75))
    assert decision.scores(probabilities).tolist() == pytest.approx([0.6, 0.05])
    assert decision.labels(probabilities).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"kind":"biases","values":[0,1]}', "expected 3 finite numbers"),
        (b'{"kind":"cuts","values":[0,0.5,1]}', "expected 2 finite numbers"),
        (b'{"kind":"cuts","values":[0.7,0.3]}', "ascending order"),
        (b'{"kind":"guess","values":[0.7,0.3]}', "Invalid enum value 'guess'"),
        (b'{"kind":"cuts","values":[0.3,0.7],"extra":1}', "unknown field `extra`"),
    ],
)
def test_a_decision_that_cannot_decide_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.json.decode(content, type=Decision)


def test_a_decision_of_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        Decision("cuts", (float("nan"), 0.5))
