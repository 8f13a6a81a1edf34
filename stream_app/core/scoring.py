"""From sentences to probabilities, a batch in one go, and from probabilities to labels."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, Protocol, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_app.core.drift import Histogram
from stream_app.core.errors import ModelError, NonFiniteScoreError
from stream_app.core.linear_layer import compiled_rows
from stream_app.core.sentence_scan import FOLDED_FIRST
from stream_app.core.slice_sentences import SliceSentences
from stream_app.core.terms import MAX_BITS, Terms, index_spans, index_terms
from stream_app.core.verdicts import Verdicts, decide, label_rows

LABELS: Final = ("negative", "neutral", "positive")
Kind = Literal["biases", "cuts"]

_STRIDE = 4  # floats to a bucket: three weights and a pad, so that no bucket lies across two cache lines


class FittedPipeline(Protocol):
    """A fitted pipeline of scikit-learn, or what `stream_app.artifact` reads of one.

    Attributes:
        steps: names and estimators.
    """

    steps: Sequence[tuple[str, Any]]


class Scorer:
    """The serving form of a fitted pipeline: hashed n-grams and one linear layer, compiled.

    A sentence's probabilities are the same, bit for bit, alone and in any batch.
    """

    def __init__(self, coefficients: NDArray[np.float64], intercepts: NDArray[np.float64]) -> None:
        """Take the linear layer over.

        Args:
            coefficients: shape (outputs, buckets), buckets a power of two; three outputs for the classes of
                LABELS, or one for a score. Kept as float32: round before, or lose what does not fit.
            intercepts: shape (outputs,).

        Raises:
            ModelError: the shapes do not fit, or a number is not finite.
        """
        outputs, buckets = coefficients.shape
        self._bits = buckets.bit_length() - 1
        powers = 1 <= self._bits <= MAX_BITS and buckets == 2**self._bits
        if outputs not in {1, len(LABELS)} or intercepts.shape != (outputs,) or not powers:
            raise ModelError(
                f"coefficients {coefficients.shape} and intercepts {intercepts.shape}: expected one or three "
                f"outputs and a power of two of buckets"
            )
        if not (np.isfinite(coefficients).all() and np.isfinite(intercepts).all()):
            raise ModelError("coefficients: expected finite numbers, got NaN or infinity")
        stride = _STRIDE if outputs > 1 else 1
        self._weights = np.zeros((buckets, stride), np.float32)
        self._weights[:, :outputs] = coefficients.T
        self._biases = intercepts.astype(np.float64)
        self._outputs = outputs
        self._fill_rows = compiled_rows(outputs)
        self.probabilities([""])  # compiles, or loads what was compiled: no first sentence has to wait

    @classmethod
    def from_pipeline(cls, pipeline: FittedPipeline) -> Self:
        """The serving form of a fitted pipeline of HashedNgrams and a linear estimator.

        Args:
            pipeline: two steps; the second has `coef_` and `intercept_`, of three classes (`classes_` is
                0, 1, 2) or of a sigmoid regression (one row, no `classes_`).

        Raises:
            ModelError: the pipeline is of another form.
        """
        try:
            features, linear = (step for _, step in pipeline.steps)
            coefficients = np.atleast_2d(linear.coef_)
            intercepts = np.atleast_1d(linear.intercept_)
            buckets = 2**features.bits
        except (AttributeError, TypeError, ValueError) as error:
            raise ModelError(
                f"pipeline: expected fitted HashedNgrams and a linear estimator ({error})"
            ) from error
        if coefficients.shape[1] != buckets:
            raise ModelError(f"pipeline: {coefficients.shape[1]} coefficients for {buckets} buckets")
        classes = np.asarray(getattr(linear, "classes_", [])).tolist()
        expected = list(range(len(coefficients))) if len(coefficients) > 1 else []
        if classes != expected:
            raise ModelError(f"pipeline: expected classes {expected}, got {classes}")
        return cls(coefficients, intercepts)

    @property
    def kind(self) -> Kind:
        """`biases` for three probabilities, `cuts` for one score."""
        return "biases" if self._outputs > 1 else "cuts"

    def probabilities(self, sentences: Sequence[str]) -> NDArray[np.float64]:
        """Shape (sentences, 3): negative, neutral, positive; of kind `cuts` (sentences, 1): the score.

        Raises:
            NonFiniteScoreError: a probability is NaN.
        """
        return self._rows(index_terms(sentences, self._bits))

    def slice_probabilities(self, split: SliceSentences) -> NDArray[np.float64]:
        """The same for the sentences of a slice, in the buffer that they lie in.

        Raises:
            NonFiniteScoreError: a probability is NaN.
        """
        return self._rows(index_spans(split.text, split.spans, FOLDED_FIRST, self._bits))

    def _rows(self, terms: Terms) -> NDArray[np.float64]:
        rows = np.empty((len(terms.ends), self._outputs))
        self._fill_rows(*terms, self._weights, self._biases, rows)
        if not np.isfinite(rows).all():
            raise NonFiniteScoreError("a sentence's probabilities are not finite numbers")
        return rows


def positivity(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores in [0, 1], shape (n,): P(positive) + P(neutral) / 2, or the one score that there is."""
    if probabilities.shape[1] == 1:
        return probabilities[:, 0]
    scores: NDArray[np.float64] = np.minimum(probabilities[:, 2] + probabilities[:, 1] / 2, 1.0)
    return scores


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How probabilities become a label.

    Attributes:
        kind: `biases`: argmax of log P + values; `cuts`: below the first value negative, above the second
            positive, neutral between them and on them.
        values: three class biases in the order of LABELS, or two cuts in ascending order.
    """

    kind: Kind
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        expected = len(LABELS) if self.kind == "biases" else 2
        if len(self.values) != expected or not np.isfinite(self.values).all():
            raise ValueError(f"values: expected {expected} finite numbers for {self.kind}, got {self.values}")
        if self.kind == "cuts" and self.values[0] > self.values[1]:
            raise ValueError(f"values: expected cuts in ascending order, got {self.values}")

    @property
    def array(self) -> NDArray[np.float64]:
        """The values, as the compiled loops take them."""
        return np.array(self.values, np.float64)

    def scores(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores in [0, 1], shape (n,), of probabilities of shape (n, 3) or (n, 1)."""
        return positivity(probabilities)

    def labels(self, probabilities: NDArray[np.float64]) -> NDArray[np.int8]:
        """Indices into LABELS, shape (n,), of probabilities of shape (n, 3) or, for cuts, (n, 1)."""
        return label_rows(probabilities, self.array)


class Model(NamedTuple):
    """What the stream holds in memory.

    Attributes:
        scorer: sentences to probabilities.
        sentence_decision: a sentence's probabilities to its label.
        review_decision: the mean of the sentences' probabilities to the review's label.
        version: as the manifest says.
        sha256: of the artifact.
        created_at: when it was made, ISO 8601.
        reference: how held-out reviews are distributed, by feature, to tell drift by.
    """

    scorer: Scorer
    sentence_decision: Decision
    review_decision: Decision
    version: str
    sha256: str
    created_at: str
    reference: Mapping[str, Histogram]

    def verdicts(self, split: SliceSentences) -> Verdicts:
        """Labels and scores of the sentences and the reviews of a slice.

        Raises:
            NonFiniteScoreError: a probability is NaN.
        """
        probabilities = self.scorer.slice_probabilities(split)
        return decide(probabilities, split.counts, self.sentence_decision.array, self.review_decision.array)
