import json
from typing import Any

import pytest

from stream_app.api.classifier import MAX_REVIEWS, Classifier
from stream_app.api.problems import Problem, ProblemError
from stream_app.bundled import bundled
from stream_app.core.errors import ScoringFailedError
from stream_app.core.messages import DeadLetter, ReviewDecoder
from stream_app.core.pipeline import Outcome, Rules
from stream_app.core.scoring import Model
from stream_app.model_store import load_model
from tests.live import results_of


@pytest.fixture(scope="module")
def champion() -> Model:
    return load_model(bundled("champion"), "inherited")


@pytest.fixture
def classifier(champion: Model) -> Classifier:
    return Classifier(champion, Rules())


def classified(classifier: Classifier, content: object) -> Any:  # noqa: ANN401 - an object or an array
    return json.loads(classifier.classify(json.dumps(content).encode()))


def refusal(classifier: Classifier, body: bytes) -> Problem:
    with pytest.raises(ProblemError) as caught:
        classifier.classify(body)
    return caught.value.problem


def test_a_review_gets_the_result_that_the_stream_gives_but_for_its_source(classifier: Classifier) -> None:
    review = {"review_id": "r1", "title": "Love it", "text": "Great sound. Poor battery!", "rating": 4}
    result = classified(classifier, review)
    (of_stream,) = results_of(json.dumps(review).encode())
    expected = json.loads(of_stream)
    del expected["source"]
    assert result | {"result_id": ""} == expected | {"result_id": ""}


def test_several_reviews_get_their_results_in_order(classifier: Classifier) -> None:
    reviews = [{"text": f"Number {number} is good."} for number in range(MAX_REVIEWS)]
    results = classified(classifier, reviews)
    assert [result["review_id"] for result in results] == [f"item-{number}" for number in range(1, 101)]
    assert results[41]["sentences"][0]["text"] == "Number 41 is good."
    assert classified(classifier, reviews[:1]) == results[:1]


def test_text_is_left_out_when_the_rules_say_so(champion: Model) -> None:
    result = classified(Classifier(champion, Rules(include_text=False)), {"text": "Good."})
    assert "text" not in result["sentences"][0]


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b"", 400, "empty"),
        (b" \n", 400, "empty"),
        (b'{"text": "a"', 400, "truncated"),
        (b'[{"text": "a"}', 400, "not JSON"),
        (b'[{"text": "a"}]]', 400, "not JSON"),
        (b"[" * 5000, 400, "not JSON"),
        (b'{"text": "\xff"}', 400, "byte 10 of the value is not UTF-8"),
        (b'[{"text": "\xff"}]', 400, "byte 10 of the value is not UTF-8"),
        (b"3", 422, "Expected `object`, got `int`"),
        (b"[]", 422, "0 reviews, expected 1 to 100"),
        (b"[" + b",".join([b'{"text": "a"}'] * 101) + b"]", 422, "101 reviews, expected 1 to 100"),
        (b'{"text": " "}', 422, "field `text` is blank, expected some text"),
    ],
)
def test_a_body_that_holds_no_reviews_is_refused(
    classifier: Classifier, body: bytes, status: int, detail: str
) -> None:
    problem = refusal(classifier, body)
    assert problem.status == status
    assert detail in problem.detail


@pytest.mark.parametrize(
    ("review", "pointer", "reason"),
    [
        ({}, "/text", "schema"),
        ({"text": 1}, "/text", "schema"),
        ({"text": "\u2003"}, "/text", "blank_text"),
        ({"text": "a" * 11}, "/text", "too_large"),
        ({"text": "a", "title": "a" * 1001}, "/title", "too_large"),
        ({"text": "a", "rating": 6}, "/rating", "schema"),
        ({"text": "a", "review_id": []}, "/review_id", "schema"),
        ([], "", "schema"),
    ],
)
def test_a_problem_points_at_the_field(champion: Model, review: object, pointer: str, reason: str) -> None:
    classifier = Classifier(champion, Rules(ReviewDecoder(max_text_chars=10)))
    bodies = [[{"text": "fine"}, review]] if review == [] else [review, [{"text": "fine"}, review]]
    for body in bodies:
        problem = refusal(classifier, json.dumps(body).encode())
        assert isinstance(problem.errors, list)
        place = "/1" if isinstance(body, list) else ""
        assert [(error.pointer, error.reason) for error in problem.errors] == [(place + pointer, reason)]
        assert problem.status == 422


def test_every_review_at_fault_is_pointed_at_and_none_is_classified(classifier: Classifier) -> None:
    problem = refusal(classifier, b'[{"text": "a"}, {"text": ""}, {"text": "b"}, {"title": "c"}]')
    assert isinstance(problem.errors, list)
    assert [error.pointer for error in problem.errors] == ["/1/text", "/3/text"]
    assert problem.detail.startswith(
        "2 of 4 reviews cannot be classified, so none was; /1/text: field `text`"
    )


def test_a_review_that_breaks_the_scoring_is_the_servers_fault(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(records: Any, *_: object) -> list[Outcome]:  # noqa: ANN401 - as it is called
        letters = [DeadLetter(record, ScoringFailedError("scoring this record failed")) for record in records]
        return [Outcome([], letters, None)]  # type: ignore[arg-type] # nobody looks at the tally

    monkeypatch.setattr("stream_app.api.classifier.classify_isolating", fail)
    assert refusal(classifier, b'{"text": "a"}').status == 500


def test_a_swapped_model_answers_the_next_body(classifier: Classifier, champion: Model) -> None:
    classifier.swap(champion._replace(version="other"))
    assert classified(classifier, {"text": "Good."})["model_version"] == "other"
    assert classifier.model.version == "other"
