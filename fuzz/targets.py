"""What is fuzzed: each target takes any bytes and raises when a promise is broken. Without atheris."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from stream_app.bundled import bundled
from stream_app.core.errors import REASONS, RecordError
from stream_app.core.isolation import classify_isolating
from stream_app.core.messages import (
    MAX_TITLE_CHARS,
    DeadLetter,
    OutputRecord,
    ReviewDecoder,
    decode_result,
    encode_dead_letter,
)
from stream_app.core.pipeline import Outcome, Rules, record_bytes
from stream_app.core.scoring import Model
from stream_app.core.sentences import boundaries, split_review
from stream_app.core.wire_format import framing
from stream_app.model_store import load_model

CORPUS: Final = Path(__file__).parent / "corpus"
MAX_BYTES: Final = 1_024
"""Of an input: what breaks a rule is short, and short inputs are tried more often."""

_MAX_CHARS = 200
_MAX_RESULT_BYTES = 2_000
_DECODERS = (
    ReviewDecoder(max_text_chars=_MAX_CHARS),
    ReviewDecoder({"text": "body", "title": "text", "rating": "stars"}, _MAX_CHARS),
    ReviewDecoder(max_text_chars=_MAX_CHARS, framed=True),
)
_FRAMING = framing(7)
_HEADERS: tuple[tuple[str, bytes | None], ...] = (("schema", b"theirs"), ("empty", None))


class BrokenPromiseError(AssertionError):
    """A target found an input for which a promise does not hold."""


class FuzzedRecord(NamedTuple):
    """A record of the input topic."""

    value: bytes | None
    offset: int
    topic: str = "reviews.raw"
    partition: int = 0
    timestamp: int = 0
    key: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = _HEADERS


def fuzz_decoder(data: bytes) -> None:
    """Bytes are a review within the limits or a RecordError with a reason, plain, mapped and framed."""
    for decoder in _DECODERS:
        try:
            review = decoder.decode(data)
        except RecordError as error:
            _expect(error.reason in REASONS and str(error), "a reason and a message")
            continue
        _expect(review.text.strip() and len(review.text) <= _MAX_CHARS, "a text within its limits")
        _expect(review.title is None or len(review.title) <= MAX_TITLE_CHARS, "a title within its limit")
        _expect(review.rating is None or 1 <= review.rating <= 5, "a rating from 1 to 5")  # noqa: PLR2004
    framed = _DECODERS[2]
    if not data.startswith(b"\0"):
        _expect(_verdict(framed, data) == _verdict(framed, _FRAMING + data), "the same with framing")


def _verdict(decoder: ReviewDecoder, value: bytes) -> object:
    try:
        return repr(decoder.decode(value))
    except RecordError as error:
        return error.reason


def fuzz_splitter(data: bytes) -> None:
    """Spans lie in order within their text, apart, trimmed; every character but white space is in one."""
    title, _, text = as_text(data).partition("\0")
    edges = [edge for span in boundaries(text) for edge in span]
    _expect(edges == sorted(edges) and all(0 <= edge <= len(text) for edge in edges), "spans in order")
    sentences = [text[start:end] for start, end in boundaries(text)]
    _expect(all(s and s == s.strip() for s in sentences), "sentences without white space around them")
    _expect("".join("".join(sentences).split()) == "".join(text.split()), "no character lost")
    spans = split_review(title, text)
    _expect([span[1:] for span in spans if span[0] == "text"] == boundaries(text), "the text's own spans")
    headings = [title[start:end] for part, start, end in spans if part == "title"]
    _expect(headings in ([], [title.strip()]), "at most the whole title")
    _expect(not headings or spans[0][0] == "title", "the title first")


def fuzz_scorer(data: bytes) -> None:
    """Any sentences get finite probabilities and scores in [0, 1], the same alone as in a batch."""
    sentences = as_text(data).split("\0")
    model = champion()
    rows = model.scorer.probabilities(sentences)
    _expect(rows.shape == (len(sentences), 3), "a row of three for each sentence")
    _expect(np.isfinite(rows).all() and (rows >= 0).all() and (rows <= 1).all(), "probabilities in [0, 1]")
    _expect(np.allclose(rows.sum(axis=1), 1), "probabilities that add up to 1")
    scores = model.sentence_decision.scores(rows)
    _expect(((scores >= 0) & (scores <= 1)).all(), "scores in [0, 1]")
    alone = np.concatenate([model.scorer.probabilities([sentence]) for sentence in sentences])
    _expect(np.array_equal(rows, alone), "the same alone as in a batch")


def fuzz_pipeline(data: bytes) -> None:
    """Every record of a slice is one result or one dead letter, and none breaks the scoring."""
    values = [piece or None for piece in data.split(b"\xff")]
    records = [FuzzedRecord(value, offset) for offset, value in enumerate(values)]
    rules = Rules(_DECODERS[0], max_result_bytes=_MAX_RESULT_BYTES)
    outcomes = classify_isolating(records, champion(), rules)
    _expect(len(outcomes) == 1, "no record that breaks the scoring of its slice")
    done = [*map(_offset_of_result, outcomes[0].results), *map(_offset_of_letter, outcomes[0].dead_letters)]
    _expect(sorted(done) == list(range(len(records))), "one outcome for each record")
    _expect_tally(outcomes[0])


def _expect_tally(outcome: Outcome) -> None:
    tally = outcome.tally
    counted = len(outcome.results) + sum(d.reason == "result_too_large" for d in outcome.dead_letters)
    _expect(len(tally.labels) == len(tally.scores) == len(tally.rated) == counted, "a figure for each review")
    _expect(tally.sentence_counts.sum() == len(tally.sentence_labels), "a label for each sentence")


def _offset_of_result(output: OutputRecord) -> int:
    result = decode_result(output.value or b"")
    _expect(record_bytes(output) <= _MAX_RESULT_BYTES, "a result within the limit of its topic")
    _expect(0 <= result.score <= 1 and all(0 <= s.score <= 1 for s in result.sentences), "scores in [0, 1]")
    _expect([s.index for s in result.sentences] == list(range(len(result.sentences))), "sentences in order")
    _expect(result.source, "a source")
    return result.source.offset if result.source else -1


def _offset_of_letter(letter: DeadLetter) -> int:
    output = encode_dead_letter(letter)
    _expect(output.value == letter.record.value, "the record byte for byte")
    _expect(tuple(output.headers[: len(_HEADERS)]) == _HEADERS, "the record's own headers first")
    _expect(output.headers[-1] == ("dlq.reason", letter.reason.encode()), "the reason in a header")
    return letter.record.offset


def as_text(data: bytes) -> str:
    """Any bytes as a text of their own: what is not UTF-8 becomes lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


@cache
def champion() -> Model:
    """The packaged model."""
    return load_model(bundled("champion"), "inherited")


def _expect(condition: object, promise: str) -> None:
    if not condition:
        raise BrokenPromiseError(f"expected {promise}")


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "decoder": fuzz_decoder,
    "splitter": fuzz_splitter,
    "scorer": fuzz_scorer,
    "pipeline": fuzz_pipeline,
}
