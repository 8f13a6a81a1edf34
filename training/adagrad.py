"""Linear layers fitted by stochastic gradients, one pass over the shuffled examples after the other.

The loss is the cross entropy of targets that are probabilities themselves (for one output the fractional
logit of Papke and Wooldridge, Journal of Applied Econometrics 11, 1996), with an L2 penalty that is spread
over the occurrences of each term. Steps are those of AdaGrad (Duchi, Hazan and Singer, JMLR 12, 2011), with
one accumulator a bucket. Sums run in a fixed order on one thread, so the same examples and seed give the same
weights.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numba import types
from numba.extending import register_jitable
from numpy.typing import NDArray

from stream_app.core.compilation import compiled
from training.examples import Examples, ShuffledExamples

DAMPING: Final = 0.1  # added to each accumulator: keeps the first steps small
BIAS_RATE: Final = 0.3  # of the rate of the weights: every sentence moves a bias

TINY: Final = 1e-300  # the logarithm of 0 is not finite


class _Part(NamedTuple):
    """Examples as the compiled loop takes them; `ends` has a 0 before the first."""

    buckets: NDArray[np.int32]
    ends: NDArray[np.int64]
    targets: NDArray[np.float32]
    importance: NDArray[np.float32]
    order: NDArray[np.int64]


class _State(NamedTuple):
    """What the compiled loop changes; the last column of `weights` and the last bias accumulate.

    A negative penalty marks a bucket without a weight.
    """

    penalties: NDArray[np.float32]
    weights: NDArray[np.float32]
    biases: NDArray[np.float64]
    loss: NDArray[np.float64]


_MATRIX = types.float32[:, ::1]
_PART = types.NamedTuple(  # type: ignore[no-untyped-call] # numba ships no types for it
    (types.int32[::1], types.int64[::1], _MATRIX, types.float32[::1], types.int64[::1]), _Part
)
_STATE = types.NamedTuple(  # type: ignore[no-untyped-call] # numba ships no types for it
    (types.float32[::1], _MATRIX, types.float64[::1], types.float64[::1]), _State
)


@dataclass(frozen=True, slots=True)
class Steps:
    """How to fit.

    Attributes:
        passes: over all examples.
        rate: of the first pass; it falls linearly.
        penalty: L2, on the sum of the losses.
        min_sentences: a bucket with fewer occurrences gets no weight.
    """

    passes: int = 6
    rate: float = 0.7
    penalty: float = 0.5
    min_sentences: int = 3


class Linear(NamedTuple):
    """A fitted layer: coefficients of shape (outputs, buckets), intercepts of shape (outputs,)."""

    coefficients: NDArray[np.float32]
    intercepts: NDArray[np.float64]


@register_jitable
def _to_probabilities(activation: NDArray[np.float64]) -> None:
    """Softmax, or the sigmoid of a single one."""
    if len(activation) == 1:
        activation[0] = 1 / (1 + np.exp(-activation[0]))
        return
    activation -= activation.max()
    activation[:] = np.exp(activation)
    activation /= activation.sum()


@register_jitable
def _cross_entropy(targets: NDArray[np.float32], probabilities: NDArray[np.float64]) -> float:
    loss = 0.0
    for output in range(len(targets)):
        loss -= targets[output] * np.log(max(probabilities[output], TINY))
    if len(targets) == 1:
        loss -= (1 - targets[0]) * np.log(max(1 - probabilities[0], TINY))
    return loss


@register_jitable
def _predict(terms: NDArray[np.int32], state: _State, activation: NDArray[np.float64]) -> None:
    """Fill `activation` with the probabilities of the sentence of these terms."""
    activation[:] = 0
    for bucket in terms:
        for output in range(len(activation)):
            activation[output] += state.weights[bucket, output]
    activation /= np.sqrt(max(len(terms), 1))
    activation += state.biases[:-1]
    _to_probabilities(activation)


@register_jitable
def _move_weights(terms: NDArray[np.int32], state: _State, step: NDArray[np.float64], rate: float) -> None:
    """One AdaGrad step of the weights of these terms, `step` being the gradient of the activation."""
    outputs = len(step)
    for bucket in terms:
        penalty, weights = state.penalties[bucket], state.weights[bucket]
        if penalty < 0:
            continue
        for output in range(outputs):
            weights[outputs] += (step[output] + penalty * weights[output]) ** 2
        length = rate / np.sqrt(DAMPING + weights[outputs])
        for output in range(outputs):
            weights[output] -= length * (step[output] + penalty * weights[output])


def _descend(part: _Part, state: _State, rate: float) -> None:
    """One step for each example of the part's order."""
    outputs = part.targets.shape[1]
    activation = np.empty(outputs)
    step = np.empty(outputs)
    for example in part.order:
        terms = part.buckets[part.ends[example] : part.ends[example + 1]]
        importance, targets = part.importance[example], part.targets[example]
        _predict(terms, state, activation)
        state.loss[0] += importance * _cross_entropy(targets, activation)
        for output in range(outputs):
            step[output] = importance * (activation[output] - targets[output])
            state.biases[outputs] += step[output] ** 2
        state.biases[:-1] -= rate * BIAS_RATE / np.sqrt(1 + state.biases[outputs]) * step
        step /= np.sqrt(max(len(terms), 1))
        _move_weights(terms, state, step, rate)


@cache
def _compiled_descent() -> Callable[..., None]:
    return compiled(_descend, _PART, _STATE, types.float64)


class Descent:
    """A fit under way."""

    def __init__(self, examples: ShuffledExamples, steps: Steps, seed: int, without: int | None) -> None:
        """Begin at zero; the examples of the fold `without` are left out."""
        self._examples = examples
        self._steps = steps
        self._without = without
        self._draws = np.random.default_rng(seed)
        occurrences = examples.occurrences
        shares = steps.penalty / np.maximum(occurrences, 1)
        self._state = _State(
            np.where(occurrences >= steps.min_sentences, shares, -1).astype(np.float32),
            np.zeros((2**examples.bits, examples.outputs + 1), np.float32),
            np.zeros(examples.outputs + 1),
            np.zeros(1),
        )

    def run(self, passed: Callable[[int, float], None]) -> Linear:
        """All passes; `passed` is told the number of each and its mean loss, as it ends."""
        for number in range(self._steps.passes):
            rate = self._steps.rate * (1 - number / self._steps.passes)
            passed(number + 1, self._pass(rate))
        return Linear(self._state.weights[:, :-1].T.copy(), self._state.biases[:-1].copy())

    def _pass(self, rate: float) -> float:
        self._state.loss[0] = 0
        importance = 0.0
        for examples in self._examples.parts(self._draws):
            order = self._order(examples)
            ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(examples.counts, dtype=np.int64)])
            part = _Part(examples.buckets, ends, examples.targets, examples.weights, order)
            _compiled_descent()(part, self._state, rate)
            importance += float(examples.weights[order].sum(dtype=np.float64))
        return float(self._state.loss[0]) / (importance or 1)

    def _order(self, examples: Examples) -> NDArray[np.int64]:
        learned = np.arange(len(examples.counts))
        if self._without is not None:
            learned = np.flatnonzero(examples.folds != self._without)
        return self._draws.permutation(learned)
