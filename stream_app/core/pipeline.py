"""The way of a slice of records: decode, split, score, encode. Pure: the records and the model decide."""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from stream_app.core.errors import RecordError, ResultTooLargeError
from stream_app.core.identity import Identify, stream_identities
from stream_app.core.messages import (
    RESULT_SCHEMA,
    DeadLetter,
    Header,
    OutputRecord,
    Record,
    Review,
    ReviewDecoder,
    result_headers,
)
from stream_app.core.ratings import rating_class
from stream_app.core.result_json import Shared, result_values
from stream_app.core.scoring import Model
from stream_app.core.slice_sentences import SliceSentences, split_slice
from stream_app.core.verdicts import Verdicts

Stage = Literal["decode", "split", "score", "encode"]
Labels = NDArray[np.int8]

_RECORD_OVERHEAD_BYTES: Final = (
    200  # what a record batch of one record adds at most to key, value and headers
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What stays the same from slice to slice.

    Attributes:
        decoder: bytes to reviews, with the limits.
        include_text: whether results carry the text of each sentence.
        max_result_bytes: a result whose record is larger becomes a dead letter; None: no limit.
        identify: names the results.
        framing: what goes before the value of each result.
    """

    decoder: ReviewDecoder = field(default_factory=ReviewDecoder)
    include_text: bool = True
    max_result_bytes: int | None = None
    identify: Identify = stream_identities
    framing: bytes = b""


@dataclass(frozen=True, slots=True)
class Tally:
    """The figures of a slice, one array element per review (or per sentence).

    Attributes:
        labels: indices into LABELS, per review.
        scores: in [0, 1], per review.
        sentence_counts: per review, at least 1.
        sentence_labels: indices into LABELS, per sentence.
        rated: the class of the rating per review, -1 where none was given.
    """

    labels: Labels
    scores: NDArray[np.float64]
    sentence_counts: NDArray[np.int64]
    sentence_labels: Labels
    rated: Labels


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a slice: every record is one result or one dead letter, each in the order received."""

    results: list[OutputRecord]
    dead_letters: list[DeadLetter]
    tally: Tally


def ignore_stage(stage: Stage) -> None:
    """Nobody asked when a stage ends."""


def classify(
    records: Sequence[Record], model: Model, rules: Rules, ended: Callable[[Stage], None] = ignore_stage
) -> Outcome:
    """Every record as a result or a dead letter.

    Args:
        records: a slice of one partition.
        model: scores and decides.
        rules: limits and options.
        ended: called with the name of each stage as it ends, for whoever measures.

    Raises:
        ModelError: the model gave something that is not a number.
    """
    dead_letters: list[DeadLetter] = []
    decoded, reviews = _decode(records, rules.decoder, dead_letters)
    ended("decode")
    split = split_slice([(review.title or "", review.text) for review in reviews])
    ended("split")
    verdicts = model.verdicts(split)
    ended("score")
    identities, ratings = rules.identify(decoded, reviews), [review.rating for review in reviews]
    shared = Shared(rules.framing, model.version, rules.include_text)
    values = result_values(split, verdicts, identities, ratings, shared)
    results = _outputs(
        decoded, identities.review_ids, values, model.version, rules.max_result_bytes, dead_letters
    )
    tally = _tally(ratings, split, verdicts)
    ended("encode")
    return Outcome(results, dead_letters, tally)


def _decode(
    records: Iterable[Record], decoder: ReviewDecoder, dead_letters: list[DeadLetter]
) -> tuple[list[Record], list[Review]]:
    """The records that hold reviews, and these; the others are added to the dead letters."""
    decode = decoder.decode
    decoded, reviews = [], []
    for record in records:
        try:
            reviews.append(decode(record.value))
        except RecordError as error:
            dead_letters.append(DeadLetter(record, error))
        else:
            decoded.append(record)
    return decoded, reviews


def _tally(ratings: Iterable[float | None], split: SliceSentences, verdicts: Verdicts) -> Tally:
    rated = [-1 if rating is None else rating_class(rating) for rating in ratings]
    sentence_labels, _, labels, scores = verdicts
    return Tally(labels, scores, split.counts, sentence_labels, np.array(rated, np.int8))


def _outputs(  # noqa: PLR0913, PLR0917 - columns are cheaper than objects
    records: Iterable[Record],
    review_ids: Iterable[str],
    values: Iterable[bytes],
    model_version: str,
    limit: int | None,
    dead_letters: list[DeadLetter],
) -> list[OutputRecord]:
    """The results; a record whose result is larger than the limit is added to the dead letters."""
    own: list[Header] = [("schema", RESULT_SCHEMA.encode()), ("model-version", model_version.encode())]
    limit = sys.maxsize if limit is None else limit
    room = limit - record_bytes(OutputRecord(None, None, own, 0, source_keyed=False))
    outputs = []
    for record, review_id, value in zip(records, review_ids, values, strict=True):
        given = record.key
        key = review_id.encode() if given is None else given
        headers = result_headers(record.headers, own) if record.headers else own
        output = OutputRecord(key, value, headers, record.partition, given is not None)
        # Headers need not be added up where they are our own.
        if (headers is own and len(key) + len(value) <= room) or record_bytes(output) <= limit:
            outputs.append(output)
        else:
            dead_letters.append(DeadLetter(record, ResultTooLargeError(_too_large(output, limit))))
    return outputs


def record_bytes(output: OutputRecord) -> int:
    """What the record takes at most in a batch of its own, in bytes (uncompressed)."""
    size = _RECORD_OVERHEAD_BYTES + len(output.key or b"") + len(output.value or b"")
    return size + sum(len(name.encode()) + len(value or b"") + 10 for name, value in output.headers)


def _too_large(output: OutputRecord, limit: int) -> str:
    return f"the result takes {record_bytes(output)} bytes, expected at most {limit}, the limit of its topic"
