"""Whether what the stream sees still looks like what its model was made for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from stream_app.core.drift import Histogram
from stream_app.core.manifest import Manifest
from stream_app.core.messages import ReviewResult
from stream_app.core.ratings import rating_class
from stream_app.core.scoring import LABELS, FittedPipeline
from training.psi import CONFIDENCE, bins, psi, psi_noise
from training.reference import Observations, histograms, named
from training.result_window import Window, WindowError
from training.unseen import TermCounts, count_terms

PSI_FEATURES: Final = (
    "review_score",
    "sentence_score",
    "review_label",
    "sentence_label",
    "sentence_chars",
    "sentences_per_review",
)
ABSENT: Final = {
    "term_unseen": "the results carry no texts (STREAM_INCLUDE_TEXT)",
    "rating_agreement": "no result has a rating",
}
"""What a window may lack, and why."""
Measure = Literal["psi", "increase", "drop"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What is too much.

    Attributes:
        psi: of any feature.
        unseen: how much higher the share of unseen n-grams may be than in the reference. Windows of 200
            held-out reviews lay within .01 of it, reviews of books and films .06 above, texts of other kinds
            (courses, critics) .11.
        agreement: how much lower the share of rated reviews may be whose label is the class of their rating.
            Windows of 200 held-out reviews lay within .07 of it, hence the allowance for noise.
        reviews: a smaller window says nothing.
    """

    psi: float = 0.25
    unseen: float = 0.05
    agreement: float = 0.05
    reviews: int = 100


class Figure(msgspec.Struct, frozen=True):
    """One comparison.

    Attributes:
        feature: what was compared.
        measure: psi, or how much a share rose or dropped.
        value: the measure.
        limit: of the value.
        noise: what the value may be without any shift; None where it is not estimated.
        over: whether the value is above both.
        reference: the share in the reference, of a rise or a drop.
        window: the share in the window.
    """

    feature: str
    measure: Measure
    value: float
    limit: float
    noise: float | None
    over: bool
    reference: float | None = None
    window: float | None = None


class Comparison(NamedTuple):
    """A window beside the reference.

    Attributes:
        version: the model that both are of.
        reviews: results in the window that are the model's.
        others: results in the window by other versions of the model, which were left out.
        figures: what was measured.
        missing: what could not be, with the reason.
    """

    version: str
    reviews: int
    others: int
    figures: list[Figure]
    missing: dict[str, str]

    @property
    def over(self) -> list[Figure]:
        """The figures that are over their limits."""
        return [figure for figure in self.figures if figure.over]


def compare(
    window: Window, manifest: Manifest, pipeline: FittedPipeline, limits: Limits, preset: str = "inherited"
) -> Comparison:
    """The window beside the reference of the model that gave it.

    Args:
        window: results; those of other versions of the model are left out.
        manifest: the model's.
        pipeline: the model, to know which n-grams it has never met.
        limits: what is too much.
        preset: whose decisions the stream used.

    Raises:
        WindowError: the window has too few results of this model.
    """
    results = [result for result in window.results if result.model_version == manifest.version]
    if len(results) < limits.reviews:
        raise WindowError(
            f"{window.place}: expected at least {limits.reviews} results of the model {manifest.version}, "
            f"found {len(results)} beside {len(window.results) - len(results)} of other versions"
        )
    seen = histograms(observed(results, pipeline))
    pairs, missing = _pairs(manifest.reference, seen, preset)
    figures = list(_figures(pairs, limits))
    return Comparison(manifest.version, len(results), len(window.results) - len(results), figures, missing)


def observed(results: Sequence[ReviewResult], pipeline: FittedPipeline) -> Observations:
    """What the results tell of their reviews."""
    sentences = [sentence for result in results for sentence in result.sentences]
    rated = [result for result in results if result.rating is not msgspec.UNSET]
    return Observations(
        review_scores=np.array([result.score for result in results]),
        review_labels=_indices([result.label for result in results]),
        sentence_scores=np.array([sentence.score for sentence in sentences]),
        sentence_labels=_indices([sentence.label for sentence in sentences]),
        sentence_chars=np.array([sentence.end - sentence.start for sentence in sentences]),
        sentences_per_review=np.array([len(result.sentences) for result in results]),
        agreement=np.array([_agrees(result) for result in rated], np.int64),
        terms=_terms(results, pipeline),
    )


def _figures(pairs: Mapping[str, tuple[Histogram, Histogram]], limits: Limits) -> Iterator[Figure]:
    # Sentences of a review are alike, so it is reviews that are counted for the noise of any figure.
    sizes = {name: (sum(r.counts), sum(w.counts)) for name, (r, w) in pairs.items()}
    reviews = sizes.get("review_label", (1, 1))
    for name, (reference, window) in pairs.items():
        if name in PSI_FEATURES:
            noise = psi_noise(bins(reference, window), reviews[1], reviews[0])
            yield _figure(name, "psi", psi(reference, window), limits.psi, noise)
        else:
            yield _share(name, reference, window, limits)


def _share(name: str, reference: Histogram, window: Histogram, limits: Limits) -> Figure:
    """How the share of the second of two bins moved in the bad direction."""
    before, now = (histogram.counts[1] / sum(histogram.counts) for histogram in (reference, window))
    if name == "term_unseen":
        return _figure(name, "increase", now - before, limits.unseen, None, before, now)
    spread = before * (1 - before) * (1 / sum(window.counts) + 1 / sum(reference.counts))
    noise = float(norm.ppf(CONFIDENCE) * np.sqrt(spread))
    return _figure(name, "drop", before - now, limits.agreement, noise, before, now)


def _figure(  # noqa: PLR0913, PLR0917 - the fields of a figure
    feature: str,
    measure: Measure,
    value: float,
    limit: float,
    noise: float | None,
    reference: float | None = None,
    window: float | None = None,
) -> Figure:
    return Figure(feature, measure, value, limit, noise, value > max(limit, noise or 0.0), reference, window)


def _pairs(
    reference: Mapping[str, Histogram], seen: Mapping[str, Histogram], preset: str
) -> tuple[dict[str, tuple[Histogram, Histogram]], dict[str, str]]:
    """What can be compared, reference and window, and what not, with the reason."""
    pairs, missing = {}, {}
    for name in (*PSI_FEATURES, *ABSENT):
        before, now = reference.get(named(name, preset)), seen.get(name)
        if now is None or not any(now.counts):
            missing[name] = ABSENT[name]
        elif before is None or not any(before.counts) or before.edges != now.edges:
            missing[name] = "the model's manifest has no such reference; train it anew"
        else:
            pairs[name] = (before, now)
    return pairs, missing


def _terms(results: Sequence[ReviewResult], pipeline: FittedPipeline) -> TermCounts | None:
    texts = [s.text for result in results for s in result.sentences if s.text is not msgspec.UNSET]
    return count_terms(pipeline, texts) if texts else None


def _agrees(result: ReviewResult) -> bool:
    return result.rating is not msgspec.UNSET and LABELS[rating_class(result.rating)] == result.label


def _indices(labels: Sequence[str]) -> NDArray[np.int8]:
    return np.array([LABELS.index(label) for label in labels], np.int8)
