"""The OpenAPI 3.1 document, from the structs that requests and answers are made of."""

from http import HTTPStatus
from typing import Any, Final

import msgspec

from stream_app.api.classifier import MAX_REVIEWS
from stream_app.api.problems import CONTENT_TYPE, Problem
from stream_app.core.messages import MAX_TITLE_CHARS, Review, ReviewResult

MAX_BODY_BYTES: Final = 1_048_576

_SCHEMAS: Final = "#/components/schemas/"
_EXAMPLE: Final = {
    "review_id": "r-17",
    "rating": 4,
    "title": "Love it",
    "text": "The sound is great. The battery is poor!",
}
_REFUSALS: Final = {
    HTTPStatus.BAD_REQUEST: "The body is not JSON, or the request not HTTP.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"The body has more than {MAX_BODY_BYTES} bytes.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The content type is not application/json, or the body is compressed.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A review cannot be classified; `errors` points at each such.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The server is at fault.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Too many requests wait: try again after `Retry-After` seconds.",
}


def openapi(max_text_chars: int) -> dict[str, Any]:
    """The document.

    Args:
        max_text_chars: the limit that is in force.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Review sentiment",
            "version": "1",
            "summary": "Labels every sentence of a review negative, neutral or positive.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            "/v1/classify": {"post": _classify()},
            "/v1/results": {"get": _live_results()},
            "/info": {"get": _page_of("Version, model and limits.", "application/json")},
            "/livez": {"get": _page_of("Whether the process lives.", "application/json")},
            "/readyz": {"get": _page_of("Whether to send requests here.", "application/json") | _or_503()},
            "/metrics": {"get": _page_of("Metrics for Prometheus.", "text/plain")},
        },
        "components": {"schemas": _schemas(max_text_chars)},
    }


def _or_503() -> dict[str, Any]:
    ready = _page_of("", "application/json")["responses"]
    return {"responses": ready | {"503": ready["200"] | {"description": "Not ready, and why."}}}


def _classify() -> dict[str, Any]:
    return {
        "operationId": "classify",
        "summary": "Classify one review, or an array of up to 100.",
        "description": "Results come in the order of the reviews. If one of several cannot be classified, "
        "none is: the answer has a pointer to each that is at fault.",
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _one_or_several("Review"), "example": _EXAMPLE}},
        },
        "responses": {
            "200": {
                "description": "The result of the review, or an array of results.",
                "content": {"application/json": {"schema": _one_or_several("ReviewResult")}},
            }
        }
        | {str(status.value): _problem(text) for status, text in _REFUSALS.items()},
    }


def _live_results() -> dict[str, Any]:
    return {
        "operationId": "liveResults",
        "summary": "Results of the stream as they come, as server-sent events.",
        "description": "Events: `result` (a ReviewResult), `skipped` ({count}: results left out because the "
        "client was too slow for them), `state` ({connected}: whether Kafka answers).",
        "responses": {
            "200": {
                "description": "Events, until either side closes.",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            "404": _problem("The server was started without `--live`."),
            "503": _problem("Too many clients listen already, or the server stops."),
        },
    }


def _page_of(summary: str, content_type: str) -> dict[str, Any]:
    kind = "string" if content_type.startswith("text/") else "object"
    content = {content_type: {"schema": {"type": kind}}}
    return {"summary": summary, "responses": {"200": {"description": summary, "content": content}}}


def _problem(description: str) -> dict[str, Any]:
    content = {CONTENT_TYPE: {"schema": {"$ref": f"{_SCHEMAS}Problem"}}}
    return {"description": description, "content": content}


def _one_or_several(name: str) -> dict[str, Any]:
    one = {"$ref": f"{_SCHEMAS}{name}"}
    return {"oneOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": MAX_REVIEWS}]}


def _schemas(max_text_chars: int) -> dict[str, Any]:
    kinds = [Review, ReviewResult, Problem]
    _, schemas = msgspec.json.schema_components(kinds, ref_template=_SCHEMAS + "{name}")
    text, title = (schemas["Review"]["properties"][name] for name in ("text", "title"))
    text |= {"minLength": 1, "maxLength": max_text_chars, "pattern": r"\S"}
    title["anyOf"][0]["maxLength"] = MAX_TITLE_CHARS
    result = schemas["ReviewResult"]
    result["description"] = "A review classified, with the fields that it has on the results topic."
    result["properties"]["review_id"]["description"] = "The client's, else item-N, N from 1 on."
    result["properties"]["result_id"]["description"] = "Same review_id and text, same id."
    del result["properties"]["source"], schemas["Source"]  # it did not come from Kafka
    return schemas
