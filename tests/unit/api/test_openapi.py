import json

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from stream_app.api.openapi import openapi
from stream_app.core.errors import RecordError
from stream_app.core.messages import ReviewDecoder


def test_the_document_is_openapi() -> None:
    validate(openapi(20_000))


def test_the_document_tells_the_limits_in_force() -> None:
    document = openapi(77)
    text = document["components"]["schemas"]["Review"]["properties"]["text"]
    assert (text["maxLength"], text["minLength"]) == (77, 1)
    assert '"maxItems": 100' in json.dumps(document["paths"])


def test_a_result_has_no_source_here() -> None:
    schemas = openapi(20_000)["components"]["schemas"]
    assert "source" not in schemas["ReviewResult"]["properties"]
    assert "Source" not in schemas
    assert set(schemas["ReviewResult"]["required"]) <= schemas["ReviewResult"]["properties"].keys()


@pytest.mark.parametrize(
    ("review", "is_valid"),
    [
        ({"text": "a"}, True),
        ({"text": " a\n", "title": None, "rating": 4.5, "review_id": 7, "other": []}, True),
        ({"text": "\U0001f600" * 20}, True),
        ({"text": "\U0001f600" * 21}, False),
        ({"text": ""}, False),
        ({"text": " \n\u2003"}, False),
        ({"text": "a", "title": "a" * 1000}, True),
        ({"text": "a", "title": "a" * 1001}, False),
        ({"text": "a", "rating": 0}, False),
    ],
)
def test_the_document_and_the_decoder_agree_on_a_review(review: dict[str, object], is_valid: bool) -> None:
    schema = openapi(20)["components"]["schemas"]["Review"]
    assert Draft202012Validator(schema).is_valid(review) == is_valid
    try:
        ReviewDecoder(max_text_chars=20).decode(json.dumps(review).encode())
    except RecordError:
        assert not is_valid
    else:
        assert is_valid
