import json

from openapi_spec_validator import validate

from stream_app.api.openapi import openapi


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
