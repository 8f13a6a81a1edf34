import numpy as np
from sklearn.linear_model import LogisticRegression

from stream_app.core.features import index_terms
from training.train import BITS, MIN_SENTENCES, fit


def test_only_terms_of_enough_sentences_have_a_weight_and_every_weight_is_a_step() -> None:
    sentences = ["good", "fine", "poor"] * MIN_SENTENCES + ["seldom"] * (MIN_SENTENCES - 1)
    targets = np.array([2, 1, 0] * MIN_SENTENCES + [0] * (MIN_SENTENCES - 1))
    estimator = fit(LogisticRegression(), sentences, targets)[-1]
    buckets = set(index_terms(["good", "fine", "poor"], BITS).buckets[:3].tolist())
    assert set(np.flatnonzero(np.abs(estimator.coef_).sum(axis=0)).tolist()) == buckets
    assert estimator.coef_.dtype == np.float32
    assert (np.mod(estimator.coef_ * 256, 1) == 0).all()


def test_a_fitted_pipeline_takes_sentences() -> None:
    sentences = ["good", "fine", "poor"] * MIN_SENTENCES
    pipeline = fit(LogisticRegression(C=100), sentences, np.array([2, 1, 0] * MIN_SENTENCES))
    assert pipeline.predict(["poor", "good"]).tolist() == [0, 2]
