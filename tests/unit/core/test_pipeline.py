import json

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stream_app.core.errors import NonFiniteScoreError
from stream_app.core.identity import local_identities, place_ids
from stream_app.core.isolation import classify_isolating
from stream_app.core.messages import (
    Label,
    OutputRecord,
    ReviewDecoder,
    ReviewResult,
    SentenceResult,
    Source,
    decode_result,
    encode_result,
)
from stream_app.core.pipeline import Outcome, Rules, classify
from stream_app.core.scoring import LABELS, Decision, Model, Scorer, positivity
from stream_app.core.sentences import split_review
from stream_app.core.slice_sentences import SliceSentences
from tests.records import StoredRecord
from tests.texts import encodable

RULES = Rules()
POISONED = NonFiniteScoreError("poison")


class FragileScorer(Scorer):
    """Fails on sentences that hold a word, as a bug would."""

    def __init__(self, poison: str, error: Exception) -> None:
        coefficients = np.random.default_rng(1).normal(size=(3, 1024)).astype(np.float32)
        super().__init__(coefficients.astype(np.float64), np.zeros(3))
        self.poison = poison
        self.error = error

    def slice_probabilities(self, split: SliceSentences) -> NDArray[np.float64]:
        if self.poison.encode() in split.text.tobytes():
            raise self.error
        return super().slice_probabilities(split)


def model_with(poison: str = "\0" * 9, error: Exception = POISONED) -> Model:
    decision = Decision("biases", (0.0, 0.0, 0.0))
    return Model(
        FragileScorer(poison, error), decision, decision, "v1", "sha", "2026-01-01T00:00:00+00:00", {}
    )


MODEL = model_with()


def stored(offset: int = 0, key: bytes | None = b"k", **fields: object) -> StoredRecord:
    return StoredRecord(json.dumps(fields).encode(), key=key, offset=offset)


def result_of(record: StoredRecord, rules: Rules = RULES) -> tuple[OutputRecord, ReviewResult]:
    outcome = classify([record], MODEL, rules)
    assert outcome.dead_letters == []
    return outcome.results[0], decode_result(outcome.results[0].value or b"")


def test_a_review_becomes_one_result_with_its_sentences() -> None:
    record = stored(7, text="Great sound. Poor battery!", title="Mixed", rating=3, review_id="r1")
    output, result = result_of(record)
    assert [(s.index, s.part, s.text) for s in result.sentences] == [
        (0, "title", "Mixed"),
        (1, "text", "Great sound."),
        (2, "text", "Poor battery!"),
    ]
    assert (result.review_id, result.rating, result.model_version) == ("r1", 3, "v1")
    assert result.source.offset == 7 if result.source is not msgspec.UNSET else False
    assert result.score == pytest.approx(np.mean([s.score for s in result.sentences]), abs=1e-6)
    assert output.key == b"k"
    assert output.headers == [("schema", b"review_result.v1"), ("model-version", b"v1")]


def test_without_an_id_the_place_in_the_topic_names_the_review_and_keys_the_result() -> None:
    output, result = result_of(stored(9, key=None, text="Fine."))
    assert result.review_id == "reviews.raw-0-9"
    assert (output.key, output.source_keyed) == (b"reviews.raw-0-9", False)
    assert result.rating is msgspec.UNSET


def test_the_result_id_depends_on_the_place_alone() -> None:
    ids = {result_of(stored(offset, text=text))[1].result_id for offset in (1, 2) for text in ("A.", "B.")}
    assert len(ids) == 2
    assert all(len(result_id) == 16 for result_id in ids)


def test_without_kafka_there_is_no_source() -> None:
    rules = Rules(identify=local_identities)
    record = stored(3, text="Fine.")._replace(topic="line")
    _, result = result_of(record, rules)
    assert (result.review_id, result.source) == ("line-3", msgspec.UNSET)


def test_texts_can_be_left_out() -> None:
    _, result = result_of(stored(text="Fine. Good."), Rules(include_text=False))
    assert [s.text for s in result.sentences] == [msgspec.UNSET, msgspec.UNSET]


def test_a_result_too_large_for_its_topic_is_a_dead_letter() -> None:
    outcome = classify(
        [stored(0, text="Fine. " * 50), stored(1, text="Fine.")], MODEL, Rules(max_result_bytes=900)
    )
    assert [letter.reason for letter in outcome.dead_letters] == ["result_too_large"]
    assert "expected at most 900" in str(outcome.dead_letters[0].error)
    assert len(outcome.results) == 1


def test_the_tally_counts_reviews_and_sentences() -> None:
    tally = classify([stored(text="One. Two. Three.", rating=5), stored(1, text="One.")], MODEL, RULES).tally
    assert tally.sentence_counts.tolist() == [3, 1]
    assert tally.rated.tolist() == [2, -1]
    assert (len(tally.labels), len(tally.scores), len(tally.sentence_labels)) == (2, 2, 4)


def test_an_empty_slice_is_nothing() -> None:
    outcome = classify([], MODEL, RULES)
    assert (outcome.results, outcome.dead_letters) == ([], [])


def test_the_stages_end_in_order() -> None:
    stages: list[str] = []
    classify([stored(text="Fine.")], MODEL, RULES, stages.append)
    assert stages == ["decode", "split", "score", "encode"]


values = st.none() | st.binary() | st.text(min_size=1).map(lambda text: json.dumps({"text": text}).encode())
slices = st.lists(values, max_size=20).map(
    lambda made: [StoredRecord(value, offset=offset) for offset, value in enumerate(made)]
)


@given(slices)
def test_every_record_is_exactly_one_result_or_one_dead_letter(records: list[StoredRecord]) -> None:
    outcome = classify(records, MODEL, Rules(max_result_bytes=2_000))
    done = [decode_result(output.value or b"").source for output in outcome.results]
    offsets = [source.offset for source in done if source is not msgspec.UNSET]
    offsets += [letter.record.offset for letter in outcome.dead_letters]
    assert sorted(offsets) == list(range(len(records)))


@given(slices)
def test_a_slice_gives_what_its_records_give_alone(records: list[StoredRecord]) -> None:
    together = classify(records, MODEL, RULES).results
    alone = [output for record in records for output in classify([record], MODEL, RULES).results]
    assert together == alone


@given(st.text(min_size=1).filter(lambda text: not text.isspace()), st.text(max_size=50))
def test_spans_slice_back_to_their_text(text: str, title: str) -> None:
    _, result = result_of(stored(text=text, title=title))
    parts = {"title": title, "text": text}
    assert all(parts[s.part][s.start : s.end] == s.text for s in result.sentences)


def label_of(decision: Decision, row: NDArray[np.float64]) -> Label:
    return LABELS[decision.labels(row)[0]]


def score_of(row: NDArray[np.float64]) -> float:
    return round(float(positivity(row)[0]), 6)


def one_by_one(review_id: str, title: str, text: str, rating: int) -> ReviewResult:
    """The result by the plain parts of the core, a sentence at a time."""
    parts = {"title": title, "text": text}
    spans = split_review(title, text)
    rows = [MODEL.scorer.probabilities([parts[part][start:end]]) for part, start, end in spans]
    sentences = [
        SentenceResult(
            index,
            part,
            start,
            end,
            label_of(MODEL.sentence_decision, row),
            score_of(row),
            parts[part][start:end],
        )
        for index, ((part, start, end), row) in enumerate(zip(spans, rows, strict=True))
    ]
    mean = np.mean(rows, axis=0)
    return ReviewResult(
        review_id=review_id,
        result_id=f"{place_ids('reviews.raw', np.array([[0, 4, 0]], np.int64))[0]:016x}",
        label=label_of(MODEL.review_decision, mean),
        score=score_of(mean),
        sentences=sentences,
        model_version="v1",
        source=Source("reviews.raw", 0, 4, stored().timestamp),
        rating=rating,
    )


@given(encodable, encodable.filter(lambda text: not text.isspace() and text != ""))
def test_the_slice_gives_the_bytes_that_the_plain_parts_give(title: str, text: str) -> None:
    output, _ = result_of(stored(4, text=text, title=title, rating=4, review_id='a"b'))
    assert output.value == encode_result(one_by_one('a"b', title, text, 4))


def failed(outcomes: list[Outcome]) -> list[int]:
    letters = [letter for outcome in outcomes for letter in outcome.dead_letters]
    assert {letter.reason for letter in letters} <= {"scoring_failed"}
    return [letter.record.offset for letter in letters]


@pytest.mark.parametrize("poisoned", [[0], [7], [3, 4], [0, 1, 2, 3, 4, 5, 6, 7]])
def test_records_that_break_the_scoring_stop_no_other(poisoned: list[int]) -> None:
    records = [stored(n, text="poison" if n in poisoned else "fine") for n in range(8)]
    outcomes = classify_isolating(records, model_with("poison"), RULES)
    assert failed(outcomes) == poisoned
    assert sum(len(outcome.results) for outcome in outcomes) == 8 - len(poisoned)


def test_a_model_that_fails_on_everything_is_not_blamed_on_the_records() -> None:
    with pytest.raises(NonFiniteScoreError):
        classify_isolating([stored(text="fine")], model_with(""), RULES)


def test_no_record_pays_for_a_lack_of_memory() -> None:
    with pytest.raises(MemoryError):
        classify_isolating(
            [stored(text="fine"), stored(1, text="big")], model_with("big", MemoryError()), RULES
        )


def test_decoding_rules_reach_the_records() -> None:
    rules = Rules(decoder=ReviewDecoder({"text": "body"}))
    assert len(classify([stored(body="Fine.")], MODEL, rules).results) == 1
