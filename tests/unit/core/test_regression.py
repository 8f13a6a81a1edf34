import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.special import expit
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from stream_app.core.regression import SigmoidRegression

RANDOM = np.random.default_rng(5)
MATRIX = RANDOM.normal(size=(400, 3))
WEIGHTS = np.array([1.5, -0.7, 0.0])
TARGETS = expit(MATRIX @ WEIGHTS + 0.4)


def test_it_finds_the_weights_behind_the_targets() -> None:
    fitted = SigmoidRegression(C=1e6, tol=1e-8).fit(MATRIX, TARGETS)
    np.testing.assert_allclose(fitted.coef_, WEIGHTS, atol=1e-3)
    assert fitted.intercept_ == pytest.approx(0.4, abs=1e-3)
    np.testing.assert_allclose(fitted.predict(MATRIX), TARGETS, atol=1e-3)


def test_on_targets_of_0_and_1_it_is_logistic_regression() -> None:
    classes = (TARGETS > 0.5).astype(float)
    ours = SigmoidRegression(C=0.5, tol=1e-7).fit(MATRIX, classes)
    theirs = LogisticRegression(C=0.5, tol=1e-8, max_iter=1000).fit(MATRIX, classes)
    np.testing.assert_allclose(ours.coef_, theirs.coef_[0], atol=1e-4)
    assert ours.intercept_ == pytest.approx(theirs.intercept_[0], abs=1e-4)


def test_sparse_and_dense_rows_give_the_same() -> None:
    dense = SigmoidRegression(tol=1e-8).fit(MATRIX, TARGETS)
    sparse = SigmoidRegression(tol=1e-8).fit(csr_matrix(MATRIX), TARGETS)
    np.testing.assert_allclose(dense.coef_, sparse.coef_, atol=1e-9)


def test_a_smaller_c_keeps_the_weights_smaller() -> None:
    strong, weak = (SigmoidRegression(C=c).fit(MATRIX, TARGETS) for c in (0.001, 10))
    assert np.abs(strong.coef_).sum() < np.abs(weak.coef_).sum() / 2


def test_the_mean_score_is_the_mean_target() -> None:
    fitted = SigmoidRegression(C=0.01, tol=1e-8).fit(MATRIX, TARGETS)
    assert fitted.predict(MATRIX).mean() == pytest.approx(TARGETS.mean(), abs=1e-5)


@pytest.mark.parametrize("bad", [-0.1, 1.1, np.nan])
def test_targets_outside_of_0_and_1_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="expected targets in"):
        SigmoidRegression().fit(MATRIX, np.where(np.arange(400) == 7, bad, TARGETS))


def test_it_can_be_cloned() -> None:
    assert clone(SigmoidRegression(C=2.0)).get_params() == {"C": 2.0, "max_iter": 200, "tol": 1e-4}
