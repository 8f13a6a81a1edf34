"""Estimators that a model artifact may hold beside scikit-learn's own."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.base import BaseEstimator, RegressorMixin


class SigmoidRegression(RegressorMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """A linear regression through a sigmoid, for targets in [0, 1].

    Fitted by the cross entropy with the targets taken as probabilities (the fractional logit of Papke and
    Wooldridge, Journal of Applied Econometrics 11, 1996), with an L2 penalty.

    Args:
        C: inverse strength of the penalty, as in scikit-learn's LogisticRegression.
        max_iter: iterations of L-BFGS at most.
        tol: the largest element of the gradient of the mean loss at which to stop.
    """

    coef_: NDArray[np.float64]
    intercept_: float

    def __init__(self, C: float = 1.0, max_iter: int = 200, tol: float = 1e-4) -> None:  # noqa: N803 - scikit-learn's name
        self.C = C
        self.max_iter = max_iter
        self.tol = tol

    def fit(self, X: Any, y: NDArray[np.float64]) -> Self:  # noqa: ANN401, N803 - scikit-learn's signature
        """Fit on a matrix of shape (n, features), sparse or dense, and targets of shape (n,) in [0, 1].

        Raises:
            ValueError: a target lies outside of [0, 1].
        """
        targets = np.asarray(y, np.float64)
        if not ((targets >= 0) & (targets <= 1)).all():
            raise ValueError("y: expected targets in [0, 1]")
        penalty = 1 / (self.C * len(targets))

        def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            weights, intercept = parameters[:-1], parameters[-1]
            linear = X @ weights + intercept
            residual = (expit(linear) - targets) / len(targets)
            value = np.mean(np.logaddexp(0, linear) - targets * linear) + penalty * (weights @ weights) / 2
            return value, np.append(X.T @ residual + penalty * weights, residual.sum())

        options = {"maxiter": self.max_iter, "gtol": self.tol, "ftol": 64 * np.finfo(float).eps}
        start = np.zeros(X.shape[1] + 1)
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
        self.coef_, self.intercept_ = found[:-1], float(found[-1])
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:  # noqa: ANN401, N803 - scikit-learn's signature
        """Scores in [0, 1], shape (n,)."""
        scores: NDArray[np.float64] = expit(X @ self.coef_ + self.intercept_)
        return scores
