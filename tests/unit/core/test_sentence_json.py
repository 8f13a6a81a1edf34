from random import Random

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.messages import SentenceResult
from stream_app.core.scoring import LABELS
from stream_app.core.sentence_json import sentence_lists
from stream_app.core.sentences import split_review
from stream_app.core.slice_sentences import SliceSentences, split_slice
from tests.texts import encodable


def written(
    split: SliceSentences, labels: list[int], scores: list[float], *, text: bool = True
) -> list[bytes]:
    lists = sentence_lists(split, np.array(labels, np.int8), np.array(scores), include_text=text)
    return [bytes(one) for one in lists]


def expected(review: tuple[str, str], labels: list[int], scores: list[float], *, text: bool) -> bytes:
    parts = {"title": review[0], "text": review[1]}
    return msgspec.json.encode(
        [
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
    )


@given(encodable, encodable.filter(str.strip), st.booleans(), st.randoms(use_true_random=False))
def test_the_bytes_are_those_of_msgspec(title: str, text: str, include_text: bool, random: Random) -> None:
    split = split_slice([(title, text)])
    count = int(split.counts[0])
    labels = [random.randrange(3) for _ in range(count)]
    scores = [round(random.random(), random.randrange(7)) for _ in range(count)]
    found = written(split, labels, scores, text=include_text)
    assert found == [expected((title, text), labels, scores, text=include_text)]


def test_every_score_of_six_places_is_written_as_msgspec_writes_it() -> None:
    count = 1_000_001
    spans = np.zeros((count, 7), np.int32)
    split = SliceSentences(np.zeros(1, np.uint8), spans, np.ones(count, np.int64))
    scores = (np.arange(count) / 1e6).tolist()
    found = [one[:-2].rpartition(b":")[2] for one in written(split, [0] * count, scores, text=False)]
    assert found == msgspec.json.encode(scores)[1:-1].split(b",")


def test_every_byte_that_json_escapes_is_escaped() -> None:
    text = "".join(map(chr, range(0x80)))
    spans = np.array([[1, 0, 128, 0, 128, 0, 128]], np.int32)
    split = SliceSentences(np.frombuffer(text.encode(), np.uint8), spans, np.ones(1, np.int64))
    found = msgspec.json.decode(written(split, [1], [0.5])[0])
    assert found == [
        {"index": 0, "part": "text", "start": 0, "end": 128, "label": "neutral", "score": 0.5, "text": text}
    ]
    assert msgspec.json.encode(text) in written(split, [1], [0.5])[0]


def test_reviews_of_a_slice_have_lists_of_their_own() -> None:
    split = split_slice([("", "One. Two."), ("Title", "Three.")])
    first, second = written(split, [0, 1, 2, 0], [0.0, 1.0, 0.25, 0.000007])
    assert [one["text"] for one in msgspec.json.decode(first)] == ["One.", "Two."]
    assert [one["text"] for one in msgspec.json.decode(second)] == ["Title", "Three."]
