"""Answers of every form: JSON, problems, and what Flask itself refuses."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from flask import Response
from werkzeug.exceptions import HTTPException

from stream_app.api.openapi import MAX_BODY_BYTES
from stream_app.api.problems import CONTENT_TYPE, NO_HEADERS, Problem, encode_problem, new_problem

JSON: Final = "application/json"

_DETAILS: Final = {
    HTTPStatus.NOT_FOUND: "no such path; /openapi.json lists those that there are",
    HTTPStatus.METHOD_NOT_ALLOWED: "this path does not know the method; Allow lists those that it knows",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"the body is too large, expected at most {MAX_BODY_BYTES} bytes",
}


def json_answer(status: HTTPStatus, content: Any) -> Response:  # noqa: ANN401 - whatever JSON can hold
    """The content as JSON."""
    return Response(msgspec.json.encode(content) + b"\n", status, content_type=JSON)


def verdict(reasons: list[str]) -> Response:
    """Of a probe: it fails for the reasons, and passes without any."""
    status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
    return json_answer(status, {"status": "failing" if reasons else "ok", "reasons": reasons})


def problem_answer(problem: Problem, headers: Mapping[str, str] = NO_HEADERS) -> Response:
    """The problem, with its status."""
    response = Response(encode_problem(problem), problem.status, content_type=CONTENT_TYPE)
    response.headers.update(headers)
    return response


def refused(error: HTTPException) -> Response:
    """What Flask itself refuses, in our form."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    headers = {name: value for name, value in error.get_headers() if name == "Allow"}
    detail = _DETAILS.get(status) or error.description or status.phrase
    return problem_answer(new_problem(status, detail), headers)
