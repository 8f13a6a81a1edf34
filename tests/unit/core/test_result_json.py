from random import Random

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stream_app.core.identity import Identities
from stream_app.core.messages import ReviewResult, SentenceResult, Source
from stream_app.core.result_json import Shared, result_values
from stream_app.core.scoring import LABELS
from stream_app.core.sentences import split_review
from stream_app.core.slice_sentences import SliceSentences, split_slice
from stream_app.core.verdicts import Verdicts
from tests.texts import encodable

SHARED = Shared(b"", "v1", include_text=True)
SPAN_OF_A_NUL = (1, 0, 1, 0, 1, 0, 1)


def identities(count: int, review_id: str = "r", place: tuple[int, int, int] = (0, 1, 2)) -> Identities:
    return Identities(
        [review_id] * count, np.arange(count, dtype=np.uint64), "t", np.array([place] * count, np.int64)
    )


def verdicts(labels: list[int], scores: list[float], reviews: int = 1) -> Verdicts:
    return Verdicts(
        np.array(labels, np.int8), np.array(scores), np.zeros(reviews, np.int8), np.zeros(reviews)
    )


def nuls(count: int) -> SliceSentences:
    """Reviews of one sentence each, of a single character."""
    return SliceSentences(np.zeros(1, np.uint8), np.array([SPAN_OF_A_NUL] * count, np.int32), ones(count))


def ones(count: int) -> NDArray[np.int64]:
    return np.ones(count, np.int64)


def sentences_of(
    review: tuple[str, str], labels: list[int], scores: list[float], *, text: bool
) -> list[SentenceResult]:
    parts = {"title": review[0], "text": review[1]}
    return [
        SentenceResult(
            index,
            part,
            start,
            end,
            LABELS[labels[index]],
            scores[index],
            parts[part][start:end] if text else msgspec.UNSET,
        )
        for index, (part, start, end) in enumerate(split_review(*review))
    ]


ratings = st.none() | st.integers(1, 5) | st.floats(1, 5)
places = st.tuples(st.integers(0, 2**31 - 1), st.integers(0, 2**63 - 1), st.integers(-1, 2**63 - 1))


@given(
    st.tuples(encodable, encodable.filter(str.strip)),
    encodable,
    ratings,
    places,
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_the_bytes_are_those_of_msgspec(  # noqa: PLR0913, PLR0917 - what hypothesis draws
    review: tuple[str, str],
    review_id: str,
    rating: float | None,
    place: tuple[int, int, int],
    include_text: bool,
    random: Random,
) -> None:
    split = split_slice([review])
    count = int(split.counts[0])
    labels = [random.randrange(3) for _ in range(count)]
    scores = [round(random.random(), random.randrange(7)) for _ in range(count)]
    label, score = random.randrange(3), round(random.random(), 6)
    said = Verdicts(
        np.array(labels, np.int8), np.array(scores), np.array([label], np.int8), np.array([score])
    )
    named = Identities([review_id], np.array([2**64 - 2], np.uint64), 'a"topic', np.array([place], np.int64))
    expected = ReviewResult(
        review_id=review_id,
        result_id="fffffffffffffffe",
        label=LABELS[label],
        score=score,
        sentences=sentences_of(review, labels, scores, text=include_text),
        model_version='v"1',
        source=Source('a"topic', *place),
        rating=msgspec.UNSET if rating is None else rating,
    )
    found = list(result_values(split, said, named, [rating], Shared(b"\0frame", 'v"1', include_text)))
    assert found == [b"\0frame" + msgspec.json.encode(expected)]


def test_every_score_of_six_places_is_written_as_msgspec_writes_it() -> None:
    count = 1_000_001
    scores = np.arange(count) / 1e6
    said = Verdicts(np.zeros(count, np.int8), scores, np.zeros(count, np.int8), np.zeros(count))
    shared = Shared(b"", "v1", include_text=False)
    values = result_values(nuls(count), said, identities(count), [None] * count, shared)
    found = [
        value.partition(b'"end":1,"label":"negative","score":')[2].partition(b"}")[0] for value in values
    ]
    assert found == msgspec.json.encode(scores.tolist())[1:-1].split(b",")


def test_every_byte_that_json_escapes_is_escaped() -> None:
    text = "".join(map(chr, range(0x80)))
    spans = np.array([[1, 0, 128, 0, 128, 0, 128]], np.int32)
    split = SliceSentences(np.frombuffer(text.encode(), np.uint8), spans, ones(1))
    found = next(result_values(split, verdicts([1], [0.5]), identities(1, text), [4], SHARED))
    result = msgspec.json.decode(found)
    assert result["review_id"] == text
    assert result["sentences"] == [
        {"index": 0, "part": "text", "start": 0, "end": 128, "label": "neutral", "score": 0.5, "text": text}
    ]
    assert found.count(msgspec.json.encode(text)) == 2


def test_reviews_of_a_slice_have_sentences_and_ratings_of_their_own() -> None:
    split = split_slice([("", "One. Two."), ("Title", "Three.")])
    said = verdicts([0, 1, 2, 0], [0.0, 1.0, 0.25, 0.000007], reviews=2)
    values = result_values(split, said, identities(2), [None, 4.5], SHARED)
    first, second = [msgspec.json.decode(value) for value in values]
    assert [one["text"] for one in first["sentences"]] == ["One.", "Two."]
    assert [one["text"] for one in second["sentences"]] == ["Title", "Three."]
    assert "rating" not in first
    assert second["rating"] == 4.5


def test_without_places_there_is_no_source() -> None:
    nowhere = identities(1)._replace(places=np.empty((0, 3), np.int64))
    value = next(result_values(nuls(1), verdicts([1], [0.5]), nowhere, [1], SHARED))
    assert "source" not in msgspec.json.decode(value)


@pytest.mark.parametrize("include_text", [False, True])
def test_the_longest_numbers_have_room(include_text: bool) -> None:
    """Of places in texts, of partitions, offsets and timestamps: nothing is written behind the buffer."""
    longest = 2**31 - 1
    spans = np.array([[0, longest, longest, 0, 1, 0, 1]] * 100, np.int32)
    split = SliceSentences(np.zeros(1, np.uint8), spans, ones(100))
    scores = [0.123457] * 100
    said = Verdicts(np.ones(100, np.int8), np.array(scores), np.ones(100, np.int8), np.array(scores))
    named = identities(100, place=(longest, 2**63 - 1, -(2**63) + 1))
    shared = Shared(b"", "v1", include_text)
    values = list(result_values(split, said, named, [1.2345678901234567] * 100, shared))
    assert {len(value) for value in values} == {len(values[0])}
    assert msgspec.json.decode(values[-1])["source"]["timestamp_ms"] == -(2**63) + 1
