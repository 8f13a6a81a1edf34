"""The way of a slice of records: decode, split, score, encode. Pure: the records and the model decide."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, cast

import numpy as np
from msgspec import UNSET, Raw
from numpy.typing import NDArray

from stream_app.core.errors import RecordError, ResultTooLargeError
from stream_app.core.identity import Identity, stream_identity
from stream_app.core.messages import (
    RESULT_SCHEMA,
    DeadLetter,
    Header,
    OutputRecord,
    Record,
    Review,
    ReviewDecoder,
    ReviewResult,
    SentenceResult,
    encode_result,
    result_headers,
)
from stream_app.core.ratings import rating_class
from stream_app.core.scoring import LABELS, Model
from stream_app.core.sentence_json import sentence_lists
from stream_app.core.slice_sentences import SliceSentences, split_slice
from stream_app.core.verdicts import Verdicts

Stage = Literal["decode", "split", "score", "encode"]
Labels = NDArray[np.int8]

_OWN_HEADERS: Final = 2
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
        identify: names a result.
        framing: what goes before the value of each result.
    """

    decoder: ReviewDecoder = field(default_factory=ReviewDecoder)
    include_text: bool = True
    max_result_bytes: int | None = None
    identify: Callable[[Record, Review], Identity] = stream_identity
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
    decoded = _decode(records, rules.decoder, dead_letters)
    ended("decode")
    split = split_slice([(review.title or "", review.text) for _, review in decoded])
    ended("split")
    verdicts = model.verdicts(split)
    ended("score")
    sentences = sentence_lists(
        split, verdicts.sentence_labels, verdicts.sentence_scores, include_text=rules.include_text
    )
    results = _encode(decoded, sentences, verdicts, model.version, rules, dead_letters)
    tally = _tally(decoded, split, verdicts)
    ended("encode")
    return Outcome(results, dead_letters, tally)


def _decode(
    records: Iterable[Record], decoder: ReviewDecoder, dead_letters: list[DeadLetter]
) -> list[tuple[Record, Review]]:
    decode = decoder.decode
    decoded = []
    for record in records:
        try:
            decoded.append((record, decode(record.value)))
        except RecordError as error:
            dead_letters.append(DeadLetter(record, error))
    return decoded


def _tally(decoded: Iterable[tuple[Record, Review]], split: SliceSentences, verdicts: Verdicts) -> Tally:
    rated = np.array([_rated(review) for _, review in decoded], np.int8)
    return Tally(verdicts.labels, verdicts.scores, split.counts, verdicts.sentence_labels, rated)


def _rated(review: Review) -> int:
    return -1 if review.rating is None else rating_class(review.rating)


def _encode(  # noqa: PLR0913, PLR0917 - all that the stages before it made
    decoded: Iterable[tuple[Record, Review]],
    sentences: Iterable[memoryview],
    verdicts: Verdicts,
    model_version: str,
    rules: Rules,
    dead_letters: list[DeadLetter],
) -> list[OutputRecord]:
    own_headers = [("schema", RESULT_SCHEMA.encode()), ("model-version", model_version.encode())]
    limit = rules.max_result_bytes
    labels, scores = verdicts.labels.tolist(), verdicts.scores.tolist()
    results = []
    for (record, review), written, label, score in zip(decoded, sentences, labels, scores, strict=True):
        identity = rules.identify(record, review)
        result = ReviewResult(
            review_id=identity.review_id,
            result_id=identity.result_id,
            label=LABELS[label],
            score=score,
            sentences=cast("list[SentenceResult]", Raw(written)),
            model_version=model_version,
            source=identity.source,
            rating=UNSET if review.rating is None else review.rating,
        )
        output = _output(record, result, own_headers, rules.framing)
        if limit is not None and not _fits(output, limit):
            dead_letters.append(DeadLetter(record, ResultTooLargeError(_too_large(output, limit))))
        else:
            results.append(output)
    return results


def _output(
    record: Record, result: ReviewResult, own_headers: Sequence[Header], framing: bytes
) -> OutputRecord:
    key = record.key
    return OutputRecord(
        result.review_id.encode() if key is None else key,
        framing + encode_result(result),
        result_headers(record.headers, own_headers),
        record.partition,
        key is not None,
    )


def record_bytes(output: OutputRecord) -> int:
    """What the record takes at most in a batch of its own, in bytes (uncompressed)."""
    size = _RECORD_OVERHEAD_BYTES + len(output.key or b"") + len(output.value or b"")
    return size + sum(len(name.encode()) + len(value or b"") + 10 for name, value in output.headers)


def _fits(output: OutputRecord, limit: int) -> bool:
    """Nearly every record fits by so far that its headers need not be added up."""
    value_bytes = len(output.value or b"")
    short = value_bytes < limit // 2 and len(output.headers) == _OWN_HEADERS
    return short or record_bytes(output) <= limit


def _too_large(output: OutputRecord, limit: int) -> str:
    return f"the result takes {record_bytes(output)} bytes, expected at most {limit}, the limit of its topic"
