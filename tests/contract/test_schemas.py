"""The committed schemas are the code's, and real messages fit them."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

from stream_app.bundled import bundled
from stream_app.core.errors import RecordError
from stream_app.core.messages import DeadLetter, ReviewDecoder, encode_dead_letter
from stream_app.core.pipeline import Rules, classify
from stream_app.core.scoring import Model
from stream_app.model_store import load_model
from stream_app.schemas import generate
from tests.records import StoredRecord

SCHEMAS = Path(__file__).parents[2] / "schemas"


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / name).read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.fixture(scope="module")
def champion() -> Model:
    return load_model(bundled("champion"), "inherited")


def test_the_committed_files_are_what_the_code_says() -> None:
    committed = {path.name: path.read_text() for path in SCHEMAS.iterdir() if path.is_file()}
    assert committed == generate(), "run `make schemas`"


@pytest.mark.parametrize("include_text", [True, False])
@pytest.mark.parametrize(
    "review", [{"text": "Good."}, {"text": "Bad. Very.", "title": "No", "rating": 1.5, "review_id": 3}]
)
def test_a_real_result_fits_its_schema(champion: Model, review: dict[str, Any], include_text: bool) -> None:
    record = StoredRecord(json.dumps(review).encode())
    (output,) = classify([record], champion, Rules(include_text=include_text)).results
    result = json.loads(output.value or b"")
    validator("review_result.v1.schema.json").validate(result)
    with pytest.raises(ValidationError):
        validator("review_result.v1.schema.json").validate(result | {"label": "fine"})


def test_the_headers_of_a_real_dead_letter_fit_their_schema() -> None:
    check = validator("dead_letter_headers.v1.schema.json")
    for value in (None, b"\xff", b"{", b"{}", b'{"text": " "}'):
        with pytest.raises(RecordError) as caught:
            ReviewDecoder().decode(value)
        letter = encode_dead_letter(DeadLetter(StoredRecord(value), caught.value))
        check.validate({name: (content or b"").decode() for name, content in letter.headers})


def test_the_manifest_of_the_champion_fits_its_schema() -> None:
    validator("manifest.v1.schema.json").validate(
        json.loads((bundled("champion") / "manifest.json").read_text())
    )


fields = st.fixed_dictionaries(
    {},
    optional={
        "text": st.none() | st.text(min_size=1) | st.integers(),
        "title": st.none() | st.text() | st.integers(),
        "rating": st.none() | st.floats(-1, 7) | st.integers(0, 6) | st.booleans(),
        "review_id": st.none() | st.text() | st.integers() | st.just(1.5),
        "other": st.none() | st.text(),
    },
)


@given(fields)
def test_the_decoder_and_the_schema_of_a_review_agree(review: dict[str, Any]) -> None:
    valid = validator("review.v1.schema.json").is_valid(review)
    try:
        ReviewDecoder().decode(json.dumps(review).encode())
    except RecordError as error:
        assert not valid or error.reason == "blank_text"
    else:
        assert valid


def test_the_asyncapi_document_names_files_that_exist() -> None:
    text = (SCHEMAS / "asyncapi.yaml").read_text()
    document = yaml.safe_load(text)
    assert document["channels"]["reviews"]["address"] == "reviews.raw"
    files = [part.split('"')[0].strip("'\n ") for part in text.split("$ref: ./")[1:]]
    assert files
    assert all((SCHEMAS / name.splitlines()[0]).is_file() for name in files)
