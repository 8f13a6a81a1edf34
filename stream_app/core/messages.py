"""The messages: reviews come in, results and dead letters go out. Decoding, encoding, and nothing else."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal, NamedTuple, Protocol, cast

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from stream_app.core.errors import (
    BlankTextError,
    NotJsonError,
    NotUtf8Error,
    Reason,
    RecordError,
    SchemaError,
    TombstoneError,
    TooLargeError,
)
from stream_app.core.wire_format import unframed

Header = tuple[str, bytes | None]
Headers = Sequence[Header]
Label = Literal["negative", "neutral", "positive"]
Rating = Annotated[int, Meta(ge=1, le=5)] | Annotated[float, Meta(ge=1, le=5)]

RESULT_SCHEMA: Final = "review_result.v1"
DEAD_LETTER_HEADERS: Final = ("__connect.errors.", "dlq.")
"""What the names of the headers begin with that a dead letter has beside its record's own."""

MAX_TITLE_CHARS: Final = 1_000
FIELDS: Final = ("text", "title", "rating", "review_id")
_MAX_ERROR_CHARS: Final = 500


class Record(Protocol):
    """What the core needs to see of a Kafka record: aiokafka's and our own readers' records both fit."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


class Review(Struct, frozen=True, gc=False):
    """A review as received. Other fields of the JSON object are ignored, null counts as absent."""

    text: Annotated[str, Meta(description="The review, not blank.")]
    title: Annotated[str | None, Meta(description="Its title.")] = None
    rating: Annotated[Rating | None, Meta(description="Its rating, 1 (worst) to 5 (best).")] = None
    review_id: Annotated[str | int | None, Meta(description="The producer's name for it.")] = None


class Source(Struct, frozen=True, gc=False):
    """Where a review came from."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: Annotated[int, Meta(description="Timestamp of the input record, ms since the epoch.")]


class SentenceResult(Struct, frozen=True, gc=False):
    """One sentence: its place in the review, its label and its score."""

    index: Annotated[int, Meta(description="0, 1, … in the order of reading, the title first.")]
    part: Annotated[Literal["title", "text"], Meta(description="The part that start and end count in.")]
    start: Annotated[int, Meta(description="Offset of the first character (Unicode code point).")]
    end: Annotated[int, Meta(description="Offset behind the last character.")]
    label: Label
    score: Annotated[float, Meta(ge=0, le=1, description="0 negative … 1 positive, six places.")]
    text: Annotated[str | UnsetType, Meta(description="Absent when texts are left out.")] = UNSET


class ReviewResult(Struct, frozen=True, gc=False):
    """A review classified: one record on the results topic, under the review's key."""

    review_id: Annotated[str, Meta(description="The producer's, else topic-partition-offset.")]
    result_id: Annotated[str, Meta(description="Same input record, same id: drop repeats by it.")]
    label: Label
    score: Annotated[float, Meta(ge=0, le=1, description="0 negative … 1 positive, six places.")]
    sentences: Annotated[list[SentenceResult], Meta(min_length=1)]
    model_version: str
    source: Annotated[Source | UnsetType, Meta(description="Absent when it did not come from Kafka.")] = UNSET
    rating: Annotated[Rating | UnsetType, Meta(description="As given; absent when none was.")] = UNSET
    schema: Literal["review_result.v1"] = RESULT_SCHEMA


class DeadLetter(NamedTuple):
    """A record that cannot be classified, and why."""

    record: Record
    error: RecordError

    @property
    def reason(self) -> Reason:
        """The reason code that travels in the header `dlq.reason`."""
        return self.error.reason


class OutputRecord(Struct, frozen=True, gc=False):
    """A record to be produced, and the partition its input came from, with or without a key."""

    key: bytes | None
    value: bytes | None
    headers: list[Header]
    source_partition: int
    source_keyed: bool


class ReviewDecoder:
    """Bytes to a `Review`.

    Args:
        field_map: our field name -> the name that the producer uses, for those that differ.
        max_text_chars: a longer text is refused, never cut.
        framed: values may come in Confluent's wire format.
    """

    def __init__(
        self,
        field_map: Mapping[str, str] | None = None,
        max_text_chars: int = 20_000,
        *,
        framed: bool = False,
    ) -> None:
        self._names = {field: field for field in FIELDS} | dict(field_map or {})
        self._max_text_chars = max_text_chars
        self._framed = framed
        wire = msgspec.defstruct(
            "Review",
            [
                ("text", str),
                ("title", str | None, None),
                ("rating", Rating | None, None),
                ("review_id", str | int | None, None),
            ],
            bases=(Review,),
            rename=self._names,
            frozen=True,
            gc=False,
        )
        self._decode = msgspec.json.Decoder(cast("type[Review]", wire)).decode

    def decode(self, value: bytes | None) -> Review:
        """The review in a record's value.

        Raises:
            RecordError: of the kind that says what is wrong; its message names the field.
        """
        if value is None:
            raise TombstoneError("the value is null, expected a JSON object")
        if self._framed:
            value = unframed(value)
        try:
            if not value.isascii():
                value.decode()  # msgspec skips over ignored fields without looking at their bytes
            review = self._decode(value)
        except UnicodeDecodeError as error:
            raise NotUtf8Error(f"byte {error.start} of the value is not UTF-8: {error.reason}") from error
        except RecursionError as error:
            raise NotJsonError("nested too deeply to be read") from error
        except msgspec.DecodeError as error:
            raise _decode_error(value, error) from error
        self._check_lengths(review)
        return review

    def _check_lengths(self, review: Review) -> None:
        if len(review.text) > self._max_text_chars:
            raise TooLargeError(_too_long(self._names["text"], review.text, self._max_text_chars))
        if review.title is not None and len(review.title) > MAX_TITLE_CHARS:
            raise TooLargeError(_too_long(self._names["title"], review.title, MAX_TITLE_CHARS))
        if not review.text or review.text.isspace():
            raise BlankTextError(f"field `{self._names['text']}` is blank, expected some text")


# Skips over the value as over an ignored field: a megabyte of lists is not built to be thrown away.
_check_grammar = msgspec.json.Decoder(msgspec.Raw).decode


def _too_long(name: str, text: str, limit: int) -> str:
    return f"field `{name}` has {len(text)} characters, expected at most {limit}"


def _decode_error(value: bytes, error: msgspec.DecodeError) -> RecordError:
    """A wrong type may be met before broken grammar: the grammar of the whole decides."""
    if not isinstance(error, msgspec.ValidationError):
        return NotJsonError(str(error))
    try:
        _check_grammar(value)
    except (msgspec.DecodeError, RecursionError) as grammar:
        return NotJsonError(str(grammar))
    return SchemaError(str(error))


_result_encoder = msgspec.json.Encoder()
_result_decoder = msgspec.json.Decoder(ReviewResult)


def encode_result(result: ReviewResult) -> bytes:
    """The result as the bytes of a JSON object."""
    return _result_encoder.encode(result)


def decode_result(value: bytes) -> ReviewResult:
    """The result in a record of the results topic, in Confluent's wire format or not.

    Raises:
        msgspec.DecodeError: it is not a result; the message names the field.
    """
    return _result_decoder.decode(unframed(value))


def result_headers(headers: Headers, own: Sequence[Header]) -> list[Header]:
    """The input's headers with ours in place of any of the same name."""
    names = {name for name, _ in own}
    return [*(header for header in headers if header[0] not in names), *own]


_STAGES: Final[dict[Reason, str]] = {"scoring_failed": "TRANSFORMATION", "result_too_large": "PRODUCE"}


def encode_dead_letter(dead_letter: DeadLetter) -> OutputRecord:
    """The record byte for byte, with Kafka Connect's error headers and ours behind its own.

    The header names and the stages are those of Kafka Connect's dead-letter queue (KIP-298).
    """
    record, error = dead_letter
    context = {
        "__connect.errors.topic": record.topic,
        "__connect.errors.partition": str(record.partition),
        "__connect.errors.offset": str(record.offset),
        "__connect.errors.stage": _STAGES.get(error.reason, "VALUE_CONVERTER"),
        "__connect.errors.exception.class.name": f"{type(error).__module__}.{type(error).__qualname__}",
        "__connect.errors.exception.message": str(error)[:_MAX_ERROR_CHARS],
        "dlq.reason": error.reason,
    }
    headers = [*record.headers, *((name, text.encode()) for name, text in context.items())]
    keyed = record.key is not None
    return OutputRecord(record.key, record.value, headers, record.partition, keyed)


def without_value(letter: OutputRecord) -> OutputRecord:
    """The dead letter of a record that does not fit even its own topic: the coordinates are what stays."""
    return replace(letter, value=None, headers=[*letter.headers, ("dlq.value_omitted", b"true")])
