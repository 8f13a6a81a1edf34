"""Examples of the messages, for the AsyncAPI document. A test makes each anew by the way of a real review."""

import json
from typing import Any, Final

REVIEW: Final[dict[str, Any]] = {
    "review_id": "r-17",
    "rating": 4,
    "title": "Love it",
    "text": "The sound is great. The battery is poor!",
}
BROKEN: Final = b'{"text": 5}'
"""The value of a dead letter."""

SOURCE: Final[dict[str, Any]] = {
    "topic": "reviews.raw",
    "partition": 3,
    "offset": 41,
    "timestamp_ms": 1_700_000_000_000,
}

RESULT: Final[dict[str, Any]] = {
    "review_id": "r-17",
    "result_id": "a6262561983d0047",
    "label": "positive",
    "score": 0.654308,
    "sentences": [
        {
            "index": 0,
            "part": "title",
            "start": 0,
            "end": 7,
            "label": "positive",
            "score": 0.984114,
            "text": "Love it",
        },
        {
            "index": 1,
            "part": "text",
            "start": 0,
            "end": 19,
            "label": "positive",
            "score": 0.959665,
            "text": "The sound is great.",
        },
        {
            "index": 2,
            "part": "text",
            "start": 20,
            "end": 40,
            "label": "negative",
            "score": 0.019143,
            "text": "The battery is poor!",
        },
    ],
    "model_version": "2026.11.24-7f79ae79087e",
    "source": SOURCE,
    "rating": 4,
    "schema": "review_result.v1",
}
RESULT_HEADERS: Final = {"schema": "review_result.v1", "model-version": RESULT["model_version"]}
DEAD_LETTER_HEADERS: Final = {
    "__connect.errors.topic": SOURCE["topic"],
    "__connect.errors.partition": str(SOURCE["partition"]),
    "__connect.errors.offset": str(SOURCE["offset"]),
    "__connect.errors.stage": "VALUE_CONVERTER",
    "__connect.errors.exception.class.name": "stream_app.core.errors.SchemaError",
    "__connect.errors.exception.message": "Expected `str`, got `int` - at `$.text`",
    "dlq.reason": "schema",
}


def message_examples() -> dict[str, list[dict[str, Any]]]:
    """By the name of the message in the AsyncAPI document."""
    return {
        "review": [{"name": "A review with all its fields", "payload": REVIEW}],
        "result": [{"name": "Its result", "headers": RESULT_HEADERS, "payload": RESULT}],
        "deadLetter": [
            {
                "name": "A review whose text is a number",
                "headers": DEAD_LETTER_HEADERS,
                "payload": json.loads(BROKEN),
            }
        ],
    }
