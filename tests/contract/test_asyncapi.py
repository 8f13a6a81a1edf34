"""The AsyncAPI document: valid by the official schema, and with examples that the code really makes."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator

from stream_app import schema_examples
from stream_app.bundled import bundled
from stream_app.core.messages import encode_dead_letter
from stream_app.core.pipeline import Outcome, Rules, classify
from stream_app.model_store import load_model
from tests.conftest import REPOSITORY
from tests.records import StoredRecord

SCHEMAS = REPOSITORY / "schemas"
DOCUMENT: dict[str, Any] = yaml.safe_load((SCHEMAS / "asyncapi.yaml").read_text())
SOURCE = schema_examples.SOURCE


@pytest.fixture(scope="module")
def official() -> Draft7Validator:
    packed = Path(__file__).parent / "asyncapi/3.0.0.json.gz"
    return Draft7Validator(json.loads(gzip.decompress(packed.read_bytes())))


def test_the_document_is_valid_asyncapi(official: Draft7Validator) -> None:
    assert [error.message for error in official.iter_errors(DOCUMENT)] == []


def test_an_invalid_document_is_not(official: Draft7Validator) -> None:
    assert not official.is_valid(DOCUMENT | {"asyncapi": "2.0.0"})
    assert not official.is_valid(DOCUMENT | {"operations": {"classify": {"action": "read"}}})


def outcome_of(value: bytes) -> Outcome:
    record = StoredRecord(
        value,
        topic=SOURCE["topic"],
        partition=SOURCE["partition"],
        offset=SOURCE["offset"],
        timestamp=SOURCE["timestamp_ms"],
    )
    return classify([record], load_model(bundled("champion"), "inherited"), Rules())


def without_the_models_part(result: dict[str, Any]) -> dict[str, Any]:
    """Labels and scores are those of one model; everything else is not."""
    own = {"label", "score", "model_version"}
    sentences = [
        {name: value for name, value in sentence.items() if name not in own}
        for sentence in result["sentences"]
    ]
    return {name: value for name, value in result.items() if name not in own} | {"sentences": sentences}


def test_the_example_of_a_result_is_what_comes_of_the_example_of_a_review() -> None:
    (output,) = outcome_of(json.dumps(schema_examples.REVIEW).encode()).results
    result = json.loads(output.value or b"")
    assert list(result) == list(schema_examples.RESULT)
    assert without_the_models_part(result) == without_the_models_part(schema_examples.RESULT)
    assert {name for name, _ in output.headers} == set(schema_examples.RESULT_HEADERS)


def test_the_example_of_a_dead_letter_is_what_comes_of_a_broken_review() -> None:
    (letter,) = outcome_of(schema_examples.BROKEN).dead_letters
    headers = {name: (value or b"").decode() for name, value in encode_dead_letter(letter).headers}
    assert headers == schema_examples.DEAD_LETTER_HEADERS


@pytest.mark.parametrize("message", ["review", "result", "deadLetter"])
def test_each_example_fits_the_schemas_that_the_document_names(message: str) -> None:
    described = DOCUMENT["components"]["messages"][message]
    (example,) = described["examples"]
    for part in described.keys() & {"payload", "headers"}:
        reference = described[part].get("$ref")
        schema = json.loads((SCHEMAS / reference).read_text()) if reference else described[part]
        Draft202012Validator(schema).validate(example[part])


def test_the_readme_shows_these_examples() -> None:
    text = (REPOSITORY / "README.md").read_text()
    shown = [json.loads(block.split("```")[0]) for block in text.split("```json\n")[2:4]]
    assert shown == [schema_examples.REVIEW, schema_examples.RESULT]
