"""Nobody's reader or writer breaks within a version of a schema."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from stream_app.schemas import generate
from tests.conftest import REPOSITORY
from tests.contract.compatibility import Role, breaking_changes

RELEASED = REPOSITORY / "schemas/released"
ROLES: dict[str, tuple[Role, ...]] = {
    "review.v1.schema.json": ("input",),
    "review_result.v1.schema.json": ("output",),
    "dead_letter_headers.v1.schema.json": ("output",),
    "manifest.v1.schema.json": ("input",),  # models of former versions have to load
}

Schema = dict[str, Any]


def released(name: str) -> Schema:
    return dict(json.loads((RELEASED / name).read_text()))


def test_every_schema_has_a_released_form_and_none_is_gone() -> None:
    current = {name for name in generate() if name.endswith(".schema.json")}
    assert {path.name for path in RELEASED.iterdir()} == current == set(ROLES)


@pytest.mark.parametrize("name", ROLES)
def test_a_schema_breaks_nobody_within_its_version(name: str) -> None:
    current = json.loads(generate()[name])
    for role in ROLES[name]:
        changes = breaking_changes(released(name), current, role)
        assert changes == [], f"give {name} a new version instead, and keep this one"


REVIEW, RESULT = "review.v1.schema.json", "review_result.v1.schema.json"


def remove_label(schema: Schema) -> None:
    del schema["properties"]["label"]


def label_may_be_mixed(schema: Schema) -> None:
    schema["properties"]["label"]["enum"].append("mixed")


def score_may_be_text(schema: Schema) -> None:
    schema["properties"]["score"] = {"anyOf": [{"type": "number"}, {"type": "string"}]}


def score_may_be_anything(schema: Schema) -> None:
    del schema["properties"]["score"]["maximum"]


def score_is_optional(schema: Schema) -> None:
    schema["required"].remove("score")


def sentences_lose_their_start(schema: Schema) -> None:
    del schema["$defs"]["SentenceResult"]["properties"]["start"]


def sentences_may_be_none(schema: Schema) -> None:
    del schema["properties"]["sentences"]["minItems"]


def language_is_told(schema: Schema) -> None:
    schema["properties"]["language"] = {"type": "string"}


def shop_is_required(schema: Schema) -> None:
    schema["properties"]["shop"] = {"type": "string"}
    schema["required"].append("shop")


def shop_is_optional(schema: Schema) -> None:
    schema["properties"]["shop"] = {"type": "string"}


def text_has_an_end(schema: Schema) -> None:
    schema["properties"]["text"]["maxLength"] = 10


def title_may_not_be_null(schema: Schema) -> None:
    schema["properties"]["title"] = {"type": "string"}


def rating_must_be_whole(schema: Schema) -> None:
    schema["properties"]["rating"] = {"type": "integer", "minimum": 1, "maximum": 5}


def title_may_be_a_number(schema: Schema) -> None:
    schema["properties"]["title"] = {"anyOf": [{"type": "string"}, {"type": "null"}, {"type": "number"}]}


@pytest.mark.parametrize(
    ("name", "role", "change", "says"),
    [
        (RESULT, "output", remove_label, "$.label: removed"),
        (RESULT, "output", label_may_be_mixed, "$.label: enum ['mixed']"),
        (RESULT, "output", score_may_be_text, "$.score: type string"),
        (RESULT, "output", score_may_be_anything, "$.score: maximum"),
        (RESULT, "output", score_is_optional, "$.score: required"),
        (RESULT, "output", sentences_lose_their_start, "$.sentences[].start: removed"),
        (RESULT, "output", sentences_may_be_none, "$.sentences: minItems"),
        (REVIEW, "input", shop_is_required, "$.shop: required"),
        (REVIEW, "input", text_has_an_end, "$.text: maxLength"),
        (REVIEW, "input", title_may_not_be_null, "$.title: type null"),
        (REVIEW, "input", rating_must_be_whole, "$.rating: type number"),
    ],
)
def test_a_breaking_change_is_found(
    name: str, role: Role, change: Callable[[Schema], None], says: str
) -> None:
    current = copy.deepcopy(released(name))
    change(current)
    assert says in breaking_changes(released(name), current, role)


@pytest.mark.parametrize(
    ("name", "role", "change"),
    [
        (RESULT, "output", language_is_told),
        (REVIEW, "input", shop_is_optional),
        (REVIEW, "input", title_may_be_a_number),
    ],
)
def test_a_harmless_change_is_let_through(name: str, role: Role, change: Callable[[Schema], None]) -> None:
    current = copy.deepcopy(released(name))
    change(current)
    assert current != released(name)
    assert breaking_changes(released(name), current, role) == []
