"""The JSON Schemas of messages and manifest, the AsyncAPI and OpenAPI documents, generated from the code."""

import json
from inspect import cleandoc
from typing import Any, Final

import msgspec
import yaml

from stream_app.api.openapi import openapi
from stream_app.core.errors import REASONS
from stream_app.core.manifest import Manifest
from stream_app.core.messages import Review, ReviewResult
from stream_app.schema_examples import message_examples
from stream_app.settings import Settings

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_REVIEW: Final = "review.v1.schema.json"
_RESULT: Final = "review_result.v1.schema.json"
_MANIFEST: Final = "manifest.v1.schema.json"
_OPENAPI: Final = "openapi.json"
_HEADERS: Final = "dead_letter_headers.v1.schema.json"


def generate() -> dict[str, str]:
    """File name to content of everything in schemas/."""
    schemas = {
        _REVIEW: _schema(
            Review, "A review, as it comes in. Other fields are ignored, null counts as absent."
        ),
        _RESULT: _schema(ReviewResult, "A review classified, as it goes out."),
        _MANIFEST: _schema(Manifest, "What a model artifact states about itself."),
        _HEADERS: _dead_letter_headers(),
        _OPENAPI: openapi(Settings.model_fields["max_text_chars"].default),
    }
    files = {
        name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in schemas.items()
    }
    return files | {
        "asyncapi.yaml": yaml.safe_dump(_asyncapi(), sort_keys=False, allow_unicode=True, width=100)
    }


def _schema(kind: type[msgspec.Struct], description: str) -> dict[str, Any]:
    (reference,), definitions = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    name = reference["$ref"].rpartition("/")[2]
    own = definitions.pop(name)
    for definition in definitions.values():
        # A docstring is indented in 3.11 and 3.12, and is not from 3.13 on.
        definition["description"] = cleandoc(definition["description"])
    schema = {"$schema": _DIALECT, "title": kind.__name__, **own, "description": description}
    return schema | ({"$defs": definitions} if definitions else {})


def _dead_letter_headers() -> dict[str, Any]:
    text = {"type": "string"}
    number = {"type": "string", "pattern": "^[0-9]+$"}
    properties = {
        "__connect.errors.topic": text | {"description": "Topic of the record."},
        "__connect.errors.partition": number | {"description": "Its partition."},
        "__connect.errors.offset": number | {"description": "Its offset."},
        "__connect.errors.stage": {"enum": ["VALUE_CONVERTER", "TRANSFORMATION", "PRODUCE"]},
        "__connect.errors.exception.class.name": text,
        "__connect.errors.exception.message": text
        | {"description": "Names the field and what was expected."},
        "dlq.reason": {"enum": list(REASONS)},
    }
    sometimes = {
        "dlq.value_omitted": {"const": "true", "description": "The value did not fit the topic."},
        "dlq.replayed_from": text
        | {"description": "The record was replayed from this dead letter: topic-partition-offset."},
    }
    return {
        "$schema": _DIALECT,
        "title": "DeadLetterHeaders",
        "description": "The last value of each header of a dead letter, as UTF-8. Key, value and the other "
        "headers are the record's own, byte for byte.",
        "type": "object",
        "properties": properties | sometimes,
        "required": list(properties),
    }


def _asyncapi() -> dict[str, Any]:
    topics, examples = Settings.model_fields, message_examples()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Review sentiment stream",
            "version": "1",
            "description": "A result for each review; what cannot be read goes to the dead letters.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "reviews": _channel(topics["input_topic"].default, "review"),
            "results": _channel(topics["result_topic"].default, "result"),
            "deadLetters": _channel(topics["dlq_topic"].default, "deadLetter"),
        },
        "operations": {
            "classify": _operation("receive", "reviews", "Each review is classified."),
            "publish": _operation("send", "results", "One result a review, under the review's key."),
            "refuse": _operation("send", "deadLetters", "What cannot be classified, with the reason."),
        },
        "components": {
            "messages": {
                "review": {"payload": {"$ref": f"./{_REVIEW}"}, "examples": examples["review"]},
                "result": {
                    "payload": {"$ref": f"./{_RESULT}"},
                    "headers": _result_headers(),
                    "examples": examples["result"],
                },
                "deadLetter": {"headers": {"$ref": f"./{_HEADERS}"}, "examples": examples["deadLetter"]},
            }
        },
    }


def _channel(address: str, message: str) -> dict[str, Any]:
    return {"address": address, "messages": {message: {"$ref": f"#/components/messages/{message}"}}}


def _operation(action: str, channel: str, summary: str) -> dict[str, Any]:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}


def _result_headers() -> dict[str, Any]:
    names = ("schema", "model-version")
    return {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names},
        "required": list(names),
    }
