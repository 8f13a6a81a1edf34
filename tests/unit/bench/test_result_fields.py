import json
from typing import Any

import pytest

from bench.result_fields import flaw

REVIEW = {"review_id": "a1", "rating": 5, "title": "Fine", "text": "I like it. Ümläute too."}


def result(**changes: object) -> bytes:
    sentences = [
        {
            "index": 0,
            "part": "title",
            "start": 0,
            "end": 4,
            "label": "positive",
            "score": 0.9,
            "text": "Fine",
        },
        {
            "index": 1,
            "part": "text",
            "start": 11,
            "end": 23,
            "label": "neutral",
            "score": 0.5,
            "text": "Ümläute too.",
        },
    ]
    fields = {
        "review_id": "a1",
        "result_id": "0123456789abcdef",
        "label": "positive",
        "score": 0.7,
        "sentences": sentences,
        "model_version": "1",
        "source": {"topic": "t", "partition": 0, "offset": 1, "timestamp_ms": 2},
        "rating": 5,
        "schema": "review_result.v1",
    }
    return json.dumps(
        {name: value for name, value in (fields | changes).items() if value is not None}
    ).encode()


def sentence(**changes: object) -> list[dict[str, Any]]:
    whole = {
        "index": 0,
        "part": "text",
        "start": 0,
        "end": 10,
        "label": "neutral",
        "score": 0.5,
        "text": "I like it.",
    }
    return [{name: value for name, value in (whole | changes).items() if value is not None}]


def test_a_whole_result_has_no_flaw() -> None:
    assert flaw(result(), REVIEW) is None


@pytest.mark.parametrize("field", ["result_id", "score", "source", "sentences", "rating"])
def test_a_missing_field_is_named(field: str) -> None:
    assert flaw(result(**{field: None}), REVIEW) == f"a result without {field}"


@pytest.mark.parametrize(
    ("sentences", "said"),
    [
        ([], "without sentences"),
        (sentence(text=None), "a sentence without text"),
        (sentence(end=9), "span does not give its text"),
        (sentence(part="title"), "span does not give its text"),
    ],
)
def test_what_is_wrong_with_a_sentence_is_told(sentences: list[dict[str, Any]], said: str) -> None:
    assert said in (flaw(result(sentences=sentences), REVIEW) or "")


def test_a_result_must_be_the_reviews_own() -> None:
    assert flaw(result(review_id="b2"), REVIEW) == "a result under another review's id"
