"""What each layer holds, field by field: checked when it is written, and printed as data_specs.md."""

from typing import Final

import pyarrow as pa
from pandera.pandas import Check, Column, DataFrameSchema

from stream_app.core.messages import MAX_TITLE_CHARS
from training.split import HELD_OUT, SIDES

MAX_TEXT_CHARS: Final = 20_000  # the stream's limit: what it refuses is not trained on
MIN_RATING, MAX_RATING = 1, 5
REASONS: Final = ("not_json", "schema", "blank_text", "too_large", "rating", "label", "repeated_id")

_ARROW: Final = {
    "string[pyarrow]": pa.string(),
    "object": pa.binary(),
    "bool": pa.bool_(),
    "int8": pa.int8(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "datetime64[us, UTC]": pa.timestamp("us", "UTC"),
}


# A check has a name for data_specs.md and the same as its error, for the message of a failure.
def _between(low: float, high: float) -> Check:
    return Check.in_range(low, high, name=(name := f"from {low} to {high}"), error=name)


def _at_least(least: int) -> Check:
    return Check.ge(least, name=(name := f"at least {least}"), error=name)


def _at_most_chars(limit: int) -> Check:
    return Check.str_length(max_value=limit, name=(name := f"at most {limit:,} characters"), error=name)


def _one_of(*values: object) -> Check:
    return Check.isin(values, name=(name := f"one of {', '.join(map(str, values))}"), error=name)


_NOT_BLANK: Final = Check.str_matches(r"(?s)\s*\S", name="not blank", error="not blank")


def arrow_schema(schema: DataFrameSchema) -> pa.Schema:
    """The columns as Parquet holds them."""
    return pa.schema(
        [
            pa.field(name, _ARROW[str(column.dtype)], nullable=column.nullable)
            for name, column in schema.columns.items()
        ]
    )


def _layer(name: str, description: str, columns: dict[str, Column]) -> DataFrameSchema:
    return DataFrameSchema(columns, name=name, description=description, strict=True, ordered=True)


def _text(description: str, *checks: Check, nullable: bool = False) -> Column:
    return Column(str, list(checks), nullable=nullable, description=description)


_RATING: Final = Column(
    float, _between(MIN_RATING, MAX_RATING), description="Rating as a number; halves occur."
)

BRONZE: Final = _layer(
    "bronze",
    "A row of a source as it was received, never changed.",
    {
        "address": _text("Where it came from, without passwords."),
        "place": _text("Where in there: `line 17`, `row 17`, or topic, partition and offset."),
        "ingested_at": Column("datetime64[us, UTC]", description="When."),
        "received": Column(
            object,
            nullable=True,
            description="Its bytes: a JSON object as it came, or made of a table's row.",
        ),
        "problem": _text("Why it is not a JSON object; else null.", nullable=True),
    },
)

SILVER: Final = _layer(
    "silver",
    "A review, cleaned: no HTML, no control characters, addresses and numbers of people masked.",
    {
        "review_id": _text("`id`, else `review_id`, else its file and row; unique within its source."),
        "source": _text("The data set it is of; else the name of its file."),
        "domain": _text("Company, item or restaurant: held out as a whole; else the review_id."),
        "file": _text(
            "The part of bronze that it stands in; a name that ends in `_dev` is never trained on."
        ),
        "rating": _RATING,
        "title": _text(
            "Title, may be empty.",
            _at_most_chars(MAX_TITLE_CHARS),
        ),
        "text": _text(
            "Text.",
            _NOT_BLANK,
            _at_most_chars(MAX_TEXT_CHARS),
        ),
        "title_repeats": Column(bool, description="The text starts with the title, which adds nothing."),
        "language": _text("`en`, or what py3langid says of a review that is surely not English."),
        "words": Column("int32", _at_least(1), description="Words of the text, between white space."),
        "text_key": Column("int64", description="Hash of the text, case-folded, white space collapsed."),
        "duplicate": Column(
            bool,
            description="The same text came before, in this or another source, and is too long for chance.",
        ),
    },
)

QUARANTINE: Final = _layer(
    "quarantine",
    "A row of bronze that is not a review (or not a labelled sentence).",
    {
        "file": _text("The part of bronze that it stands in."),
        "place": _text("Where in there."),
        "reason": _text(
            "What is wrong.",
            _one_of(*REASONS),
        ),
        "message": _text("The same in words, with the field and what was expected."),
        "received": Column(object, nullable=True, description="The bytes received."),
    },
)

LABELLED: Final = _layer(
    "labelled",
    "A sentence with the label that people gave it, as they saw it.",
    {
        "text": _text("The sentence.", _NOT_BLANK),
        "class": Column("int8", _one_of(0, 1, 2), description="0 negative, 1 neutral, 2 positive."),
        "source": _text("The data set it is of; else the name of its file."),
    },
)

GOLD: Final = _layer(
    "gold",
    "A sentence of a review, with what it inherits from it.",
    {
        "review": Column("int64", _at_least(0), description="Number of its review in this layer, ascending."),
        "review_id": _text("As in silver."),
        "source": _text("As in silver."),
        "domain": _text("As in silver: the group of the split."),
        "side": _text("Side of the split.", _one_of(*SIDES)),
        "part": _text("Where it stands.", _one_of("title", "text")),
        "index": Column("int32", _at_least(0), description="Its number in the review, from 0 on."),
        "start": Column("int32", _at_least(0), description="Offset of its first character in the part."),
        "end": Column("int32", _at_least(1), description="Offset behind its last character."),
        "text": _text("The sentence.", _NOT_BLANK),
        "rating": _RATING,
        "target": Column(
            float,
            _between(0, 1),
            description="The rating scaled to [0, 1] with the fixed end points 1 and 5.",
        ),
        "class": Column(
            "int8",
            _one_of(0, 1, 2),
            description="Inherited: 0 negative, 1 neutral, 2 positive, by thirds of target.",
        ),
    },
)

HUMAN: Final = _layer(
    "human",
    "A labelled sentence on its side of the split; none is trained on.",
    {
        **LABELLED.columns,
        "side": _text("Side of the split.", _one_of(*HELD_OUT)),
    },
)
