"""The way of a slice of records: decode, split, score, encode. Pure: the records and the model decide."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

import numpy as np
from msgspec import UNSET
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
from stream_app.core.sentences import Span, split_review

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


class _Sentences(NamedTuple):
    record: Record
    review: Review
    spans: list[Span]


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
    split, texts = _split(decoded)
    ended("split")
    scored = _score(split, texts, model)
    ended("score")
    results = _encode(split, texts, scored, model.version, rules, dead_letters)
    ended("encode")
    return Outcome(results, dead_letters, scored.tally)


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


def _split(decoded: Iterable[tuple[Record, Review]]) -> tuple[list[_Sentences], list[str]]:
    """Each review with its spans, and the sentences of all of them in one list."""
    split, texts = [], []
    for record, review in decoded:
        text, title = review.text, review.title or ""
        spans = split_review(title, text)
        split.append(_Sentences(record, review, spans))
        texts += [(text if part == "text" else title)[start:end] for part, start, end in spans]
    return split, texts


class _Scored(NamedTuple):
    sentence_scores: list[float]
    sentence_labels: list[int]
    scores: list[float]
    labels: list[int]
    tally: Tally


def _score(split: Sequence[_Sentences], texts: Sequence[str], model: Model) -> _Scored:
    """One compiled call for all sentences; a review's probabilities are the mean of its sentences'."""
    counts = np.array([len(spans) for _, _, spans in split], dtype=np.int64)
    probabilities = model.scorer.probabilities(texts)
    means = _means(probabilities, counts)
    sentence_labels = model.sentence_decision.labels(probabilities)
    sentence_scores = model.sentence_decision.scores(probabilities).round(6)
    labels = model.review_decision.labels(means)
    scores = model.review_decision.scores(means).round(6)
    rated = np.array([_rated(review) for _, review, _ in split], dtype=np.int8)
    tally = Tally(labels, scores, counts, sentence_labels, rated)
    return _Scored(
        sentence_scores.tolist(), sentence_labels.tolist(), scores.tolist(), labels.tolist(), tally
    )


def _means(rows: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    if not len(counts):
        return rows
    starts = np.cumsum(counts) - counts
    means: NDArray[np.float64] = np.add.reduceat(rows, starts, axis=0) / counts[:, np.newaxis]
    return means


def _rated(review: Review) -> int:
    return -1 if review.rating is None else rating_class(review.rating)


def _encode(  # noqa: PLR0913, PLR0917 - all that the four stages before it made
    split: Sequence[_Sentences],
    texts: Sequence[str],
    scored: _Scored,
    model_version: str,
    rules: Rules,
    dead_letters: list[DeadLetter],
) -> list[OutputRecord]:
    own_headers = [("schema", RESULT_SCHEMA.encode()), ("model-version", model_version.encode())]
    limit = rules.max_result_bytes
    results = []
    first = 0
    for number, (record, review, spans) in enumerate(split):
        sentences = _sentences(spans, texts, scored, first, include_text=rules.include_text)
        first += len(spans)
        identity = rules.identify(record, review)
        result = ReviewResult(
            review_id=identity.review_id,
            result_id=identity.result_id,
            label=LABELS[scored.labels[number]],
            score=scored.scores[number],
            sentences=sentences,
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
    return OutputRecord(
        key=result.review_id.encode() if record.key is None else record.key,
        value=framing + encode_result(result),
        headers=result_headers(record.headers, own_headers),
        source_partition=record.partition,
        source_keyed=record.key is not None,
    )


def _sentences(
    spans: Sequence[Span], texts: Sequence[str], scored: _Scored, first: int, *, include_text: bool
) -> list[SentenceResult]:
    return [
        SentenceResult(
            index=index,
            part=part,
            start=start,
            end=end,
            label=LABELS[scored.sentence_labels[first + index]],
            score=scored.sentence_scores[first + index],
            text=texts[first + index] if include_text else UNSET,
        )
        for index, (part, start, end) in enumerate(spans)
    ]


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
