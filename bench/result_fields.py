"""Whether a competitor's result has what every result must have. Pure."""

import json
from collections.abc import Mapping
from typing import Any, Final

RESULT_FIELDS: Final = {
    "review_id", "result_id", "label", "score", "sentences", "model_version", "source", "rating", "schema",
}  # fmt: skip
SENTENCE_FIELDS: Final = {"index", "part", "start", "end", "label", "score", "text"}


def flaw(value: bytes, review: Mapping[str, Any]) -> str | None:
    """What is wrong with a result of the review, or None: fields, and spans that give the sentences' text."""
    result = json.loads(value)
    if missing := RESULT_FIELDS - result.keys():
        return f"a result without {', '.join(sorted(missing))}"
    if result["review_id"] != review["review_id"]:
        return "a result under another review's id"
    if not result["sentences"]:
        return "a result without sentences"
    for sentence in result["sentences"]:
        if missing := SENTENCE_FIELDS - sentence.keys():
            return f"a sentence without {', '.join(sorted(missing))}"
        if review[sentence["part"]][sentence["start"] : sentence["end"]] != sentence["text"]:
            return "a sentence whose span does not give its text"
    return None
