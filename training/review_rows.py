"""A row of bronze as a clean review or a labelled sentence, or why it is none."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from stream_app.core.messages import MAX_TITLE_CHARS
from stream_app.core.scoring import LABELS
from stream_app.core.sentences import split_review
from training.bronze import Row
from training.given_ratings import parse_rating
from training.language import language_of
from training.layer_schemas import MAX_TEXT_CHARS
from training.masking import clean_text


class RejectedError(Exception):
    """A row that is no review. `reason` is its code in quarantine, the message says what was expected."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class CleanReview(NamedTuple):
    """A row of silver, but for what only the rows before it tell. The fields are those of its schema."""

    review_id: str
    source: str
    domain: str
    file: str
    rating: float
    title: str
    text: str
    title_repeats: bool
    language: str
    words: int
    text_key: int


class LabelledSentence(NamedTuple):
    """A sentence with the class that people gave it."""

    text: str
    label: int
    source: str


def clean_review(row: Row, number: int, file: str, names: Mapping[str, str]) -> CleanReview:
    """The review of a row.

    Args:
        row: as received.
        number: its number in its part, from 1 on.
        file: the part.
        names: what the row calls our fields.

    Raises:
        RejectedError: it is none.
    """
    fields = _fields(row)
    title = _string(fields, "title", names, MAX_TITLE_CHARS, required=False)
    text = _string(fields, "text", names, MAX_TEXT_CHARS)
    rating = _rating(fields, names)
    identity = _name(fields, "id", names) or _name(fields, "review_id", names) or f"{file}-{number}"
    words = text.casefold().split()
    return CleanReview(
        review_id=identity,
        source=_name(fields, "source", names) or file,
        domain=_name(fields, "domain", names) or identity,
        file=file,
        rating=rating,
        title=title,
        text=text,
        title_repeats=bool(title) and split_review(title, text)[0][0] != "title",
        language=language_of(title, text),
        words=len(words),
        text_key=key64(" ".join(words)),
    )


def labelled_sentence(row: Row, file: str, names: Mapping[str, str]) -> LabelledSentence:
    """The sentence of a row, as it was labelled: not a character is changed, since its hash decides its side.

    Raises:
        RejectedError: it is none.
    """
    fields = _fields(row)
    text, label = fields.get(names.get("text", "text")), fields.get(names.get("label", "label"))
    if not isinstance(text, str) or not text.strip():
        raise RejectedError("blank_text", f"text: expected a string that is not blank, got {_shown(text)}")
    if label not in LABELS:
        raise RejectedError("label", f"label: expected one of {', '.join(LABELS)}, got {_shown(label)}")
    return LabelledSentence(text, LABELS.index(label), _name(fields, "source", names) or file)


def key64(text: str) -> int:
    """Eight bytes of the sha256, as a signed number."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _fields(row: Row) -> dict[str, Any]:
    if row.problem is not None or row.received is None:
        raise RejectedError("not_json", row.problem or "no value")
    try:
        return _object.decode(row.received)
    except (msgspec.DecodeError, RecursionError) as error:
        raise RejectedError("not_json", str(error)) from error


def _string(
    fields: Mapping[str, Any], field: str, names: Mapping[str, str], limit: int, *, required: bool = True
) -> str:
    """The field, cleaned; too long is what was received or what it became."""
    name = names.get(field, field)
    value = fields.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        raise RejectedError("schema", f"{name}: expected a string, got {_shown(value)}")
    if len(value) > limit:
        raise RejectedError("too_large", f"{name}: expected at most {limit:,} characters, got {len(value):,}")
    cleaned = clean_text(value)
    if required and not cleaned:
        raise RejectedError("blank_text", f"{name}: expected more than white space and markup")
    if len(cleaned) > limit:
        raise RejectedError(
            "too_large", f"{name}: expected at most {limit:,} characters, got {len(cleaned):,}"
        )
    return cleaned


def _rating(fields: Mapping[str, Any], names: Mapping[str, str]) -> float:
    try:
        return parse_rating(fields.get(names.get("rating", "rating")))
    except ValueError as error:
        raise RejectedError("rating", str(error)) from error


def _name(fields: Mapping[str, Any], field: str, names: Mapping[str, str]) -> str:
    """What names something; numbers are names too, blank ones are not."""
    value = fields.get(names.get(field, field))
    if value is None or value == "":
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise RejectedError(
            "schema", f"{names.get(field, field)}: expected a string or a number, got {_shown(value)}"
        )
    return str(value)


def _shown(value: object) -> str:
    return "nothing" if value is None else repr(value)[:60]


_object: Final = msgspec.json.Decoder(dict[str, Any])
