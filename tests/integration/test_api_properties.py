"""What the OpenAPI document promises, tried with requests made from it."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import settings

from stream_app.api.openapi import openapi
from tests.api import RunningApi, running_api

schema = schemathesis.openapi.from_dict(openapi(20_000))


@pytest.fixture(scope="module")
def api() -> Iterator[RunningApi]:
    with running_api() as running:
        yield running


@schema.parametrize()
@settings(max_examples=60)
def test_every_request_is_answered_as_the_document_says(
    case: schemathesis.Case[Any], api: RunningApi
) -> None:
    case.call_and_validate(base_url=f"http://127.0.0.1:{api.port}")
