"""Windows beside a reference: the same kind of reviews, and other kinds."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stream_app.artifact import read_artifact
from stream_app.bundled import bundled
from stream_app.core.messages import ReviewResult
from stream_app.core.scoring import Model
from stream_app.model_store import load_model, read_manifest
from tests.layers import gold_of
from tests.results import results_of
from training.drift import Comparison, Limits, compare
from training.reference import reference
from training.result_window import Window, WindowError

SAMPLE = bundled("womens_clothing_sample.jsonl.gz")
FOLDER = bundled("champion")


@pytest.fixture(scope="module")
def champion() -> Model:
    return load_model(FOLDER, "inherited")


@pytest.fixture(scope="module")
def reviews() -> list[dict[str, Any]]:
    with gzip.open(SAMPLE, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines][:1000]


class Beside:
    """The champion with a reference of the sample, and comparisons of windows with it."""

    def __init__(self, champion: Model, root: Path) -> None:
        manifest = read_manifest(FOLDER)
        self.pipeline = read_artifact((FOLDER / manifest.file).read_bytes(), FOLDER)
        rows = gold_of(SAMPLE, root).side("train", "tune", "test").sort_values("review", kind="stable")
        of_sample = reference(self.pipeline, champion.scorer, manifest.decisions, rows)
        self.manifest = msgspec.structs.replace(manifest, reference=of_sample)

    def compare(self, results: list[ReviewResult], preset: str = "inherited") -> Comparison:
        return compare(Window("here", results, 0), self.manifest, self.pipeline, Limits(), preset)


@pytest.fixture(scope="module")
def beside(champion: Model, tmp_path_factory: pytest.TempPathFactory) -> Beside:
    return Beside(champion, tmp_path_factory.mktemp("layers"))


def as_records(reviews: Iterable[dict[str, Any]]) -> list[bytes]:
    """The reviews without their ids, which recur."""
    fields = {"title", "text", "rating"}
    return [json.dumps({n: review[n] for n in fields & review.keys()}).encode() for review in reviews]


def over(comparison: Comparison) -> set[str]:
    return {figure.feature for figure in comparison.over}


def test_reviews_of_the_same_kind_are_within_every_limit(
    beside: Beside, champion: Model, reviews: list[dict[str, Any]]
) -> None:
    comparison = beside.compare(results_of(champion, as_records(reviews)))
    assert (comparison.over, comparison.missing, comparison.others) == ([], {}, 0)
    assert len(comparison.figures) == 8
    assert all(figure.value < 0.03 for figure in comparison.figures)


def test_labels_that_part_from_the_ratings_are_over(
    beside: Beside, champion: Model, reviews: list[dict[str, Any]]
) -> None:
    turned = [review | {"rating": 6 - review["rating"]} for review in reviews]
    comparison = beside.compare(results_of(champion, as_records(turned)))
    assert over(comparison) == {"rating_agreement"}
    (figure,) = comparison.over
    assert figure.window is not None
    assert figure.reference is not None
    assert figure.value == pytest.approx(figure.reference - figure.window)


def test_words_that_nobody_knows_are_over(
    beside: Beside, champion: Model, reviews: list[dict[str, Any]]
) -> None:
    foreign = [review | {"text": " ".join(w[::-1] for w in review["text"].split())} for review in reviews]
    assert "term_unseen" in over(beside.compare(results_of(champion, as_records(foreign))))


def test_only_bad_reviews_shift_scores_and_labels(
    beside: Beside, champion: Model, reviews: list[dict[str, Any]]
) -> None:
    bad = [review for review in reviews if review["rating"] <= 2]
    found = over(beside.compare(results_of(champion, as_records(bad))))
    assert {"review_score", "review_label", "sentence_label"} <= found


def test_longer_reviews_shift_their_number_of_sentences(
    beside: Beside, champion: Model, reviews: list[dict[str, Any]]
) -> None:
    long = [review | {"text": f"{review['text']}\n{review['text']}\n{review['text']}"} for review in reviews]
    assert over(beside.compare(results_of(champion, as_records(long)))) == {"sentences_per_review"}


def test_longer_sentences_shift_their_length(
    beside: Beside, champion: Model, reviews: list[dict[str, Any]]
) -> None:
    long = [review | {"text": review["text"].replace(". ", " and ").replace("!", ",")} for review in reviews]
    assert "sentence_chars" in over(beside.compare(results_of(champion, as_records(long))))


def test_a_small_window_may_be_far_off_by_chance(
    beside: Beside, champion: Model, reviews: list[dict[str, Any]]
) -> None:
    results = results_of(champion, as_records(reviews))
    for start in range(0, 1000, 100):
        assert over(beside.compare(results[start : start + 100])) == set()


def test_results_of_another_version_are_left_out(
    beside: Beside, champion: Model, reviews: list[dict[str, Any]]
) -> None:
    ours = results_of(champion, as_records(reviews[:200]))
    others = [msgspec.structs.replace(result, model_version="older") for result in ours]
    comparison = beside.compare([*ours, *others])
    assert (comparison.reviews, comparison.others) == (200, 200)
    with pytest.raises(WindowError, match=r"at least 100 results of .*, found 0 beside 200 of other"):
        beside.compare(others)


def test_what_cannot_be_measured_is_named_with_its_reason(
    beside: Beside, champion: Model, reviews: list[dict[str, Any]]
) -> None:
    bare = as_records({"text": review["text"]} for review in reviews)
    missing = beside.compare(results_of(champion, bare, include_text=False)).missing
    assert missing.keys() == {"term_unseen", "rating_agreement"}
    assert "STREAM_INCLUDE_TEXT" in missing["term_unseen"]
    assert "no result has a rating" in missing["rating_agreement"]


def test_a_manifest_without_a_reference_is_no_alarm(
    beside: Beside, champion: Model, reviews: list[dict[str, Any]]
) -> None:
    bare = msgspec.structs.replace(beside.manifest, reference={})
    results = results_of(champion, as_records(reviews))
    comparison = compare(Window("here", results, 0), bare, beside.pipeline, Limits())
    assert comparison.figures == []
    assert len(comparison.missing) == 8


def test_each_preset_has_its_own_reference(beside: Beside, reviews: list[dict[str, Any]]) -> None:
    """The seed preset's labels are another mix: right beside its own reference, wrong beside another's."""
    results = results_of(load_model(FOLDER, "seed"), as_records(reviews))
    assert over(beside.compare(results, "seed")) == set()
    figures = {figure.feature: figure for figure in beside.compare(results).figures}
    own = {figure.feature: figure for figure in beside.compare(results, "seed").figures}
    assert figures["review_label"].value > 10 * own["review_label"].value
