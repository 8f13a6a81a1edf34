import json
import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.errors import REASONS, BlankTextError, RecordError
from stream_app.core.messages import (
    DeadLetter,
    Review,
    ReviewDecoder,
    ReviewResult,
    SentenceResult,
    Source,
    decode_result,
    encode_dead_letter,
    encode_result,
    result_headers,
    without_value,
)
from tests.records import StoredRecord


def reason_of(value: bytes | None, decoder: ReviewDecoder | None = None) -> str:
    with pytest.raises(RecordError) as caught:
        (decoder or ReviewDecoder()).decode(value)
    return caught.value.reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "tombstone"),
        (b"", "not_json"),
        (b"plain text", "not_json"),
        (b'{"text": "a"', "not_json"),
        (b'{"text": "a"} b', "not_json"),
        (b'{"text": 1} b', "not_json"),
        (b'{"text": "a", "other": NaN}', "not_json"),
        (b'{"text": "a", "rating": NaN}', "not_json"),
        (b'{"text": "\\ud800"}', "not_json"),
        (b'{"text": "a", "other": "\\ud800"}', "not_json"),
        (b'\xef\xbb\xbf{"text": "a"}', "not_json"),
        (b'{"text": "a", "other": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b'{"text": "\xff"}', "not_utf8"),
        (b'{"text": "a", "other": "\xff"}', "not_utf8"),
        (b'{"text": "a", "other": "\xed\xa0\x80"}', "not_utf8"),
        (b"[]", "schema"),
        (b"null", "schema"),
        (b"{}", "schema"),
        (b'{"text": null}', "schema"),
        (b'{"text": 5}', "schema"),
        (b'{"text": "a", "title": 5}', "schema"),
        (b'{"text": "a", "rating": "5"}', "schema"),
        (b'{"text": "a", "rating": true}', "schema"),
        (b'{"text": "a", "rating": 0}', "schema"),
        (b'{"text": "a", "rating": 5.01}', "schema"),
        (b'{"text": "a", "rating": 1e400}', "schema"),
        (b'{"text": "a", "review_id": 1.5}', "schema"),
        (b'{"text": "a", "review_id": ' + b"9" * 5000 + b"}", "schema"),
        (b'{"text": ""}', "blank_text"),
        (b'{"text": " \\t\\u00a0\\u3000\\u2028"}', "blank_text"),
        (b'{"text": "' + b"x" * 20_001 + b'"}', "too_large"),
        (b'{"text": "' + b"x" * 10_000_000 + b'"}', "too_large"),
        (b'{"text": "a", "title": "' + b"x" * 1_001 + b'"}', "too_large"),
    ],
)
def test_what_cannot_be_read_has_its_reason(value: bytes | None, reason: str) -> None:
    assert reason_of(value) == reason


@pytest.mark.parametrize(
    ("value", "review"),
    [
        (b'{"text": "a"}', Review("a")),
        (b'{"text": "a", "title": null, "rating": null, "review_id": null}', Review("a")),
        (b'{"text": "a", "rating": 1, "review_id": 7, "other": [{}]}', Review("a", rating=1, review_id=7)),
        (b'{"text": "a\\u0000", "title": "t", "rating": 4.5}', Review("a\0", "t", 4.5)),
        (b'{"text": "a", "review_id": "x"}', Review("a", review_id="x")),
        (b'{"text": "' + b"x" * 20_000 + b'"}', Review("x" * 20_000)),
    ],
)
def test_what_can_be_read_is_read_as_it_is(value: bytes, review: Review) -> None:
    decoded = ReviewDecoder().decode(value)
    assert (decoded.text, decoded.title, decoded.rating, decoded.review_id) == (
        review.text,
        review.title,
        review.rating,
        review.review_id,
    )


def test_the_message_names_the_field_and_what_was_expected() -> None:
    decoder = ReviewDecoder({"text": "body"})
    with pytest.raises(BlankTextError, match="`body` is blank"):
        decoder.decode(b'{"body": " "}')
    with pytest.raises(RecordError, match=r"Expected `str`, got `int` - at `\$.body`"):
        decoder.decode(b'{"body": 1}')
    with pytest.raises(RecordError, match="missing required field `body`"):
        decoder.decode(b'{"text": "ours is not theirs"}')


def test_limits_are_settings() -> None:
    assert reason_of(b'{"text": "four"}', ReviewDecoder(max_text_chars=3)) == "too_large"


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
review_like = st.fixed_dictionaries(
    {},
    optional={
        "text": json_values,
        "title": json_values,
        "rating": json_values | st.floats(1, 5),
        "review_id": json_values,
        "other": json_values,
    },
).map(lambda fields: json.dumps(fields).encode())


@given(st.binary() | review_like | st.text(string.printable).map(str.encode))
def test_any_bytes_are_a_review_or_have_a_reason(value: bytes) -> None:
    try:
        review = ReviewDecoder().decode(value)
    except RecordError as error:
        assert error.reason in REASONS
        assert str(error)
    else:
        assert review.text.strip()


sentences = st.builds(
    SentenceResult,
    index=st.integers(0, 9),
    part=st.sampled_from(["title", "text"]),
    start=st.integers(0, 99),
    end=st.integers(0, 99),
    label=st.sampled_from(["negative", "neutral", "positive"]),
    score=st.floats(0, 1),
    text=st.text() | st.just(msgspec.UNSET),
)
results = st.builds(
    ReviewResult,
    review_id=st.text(),
    result_id=st.text(),
    label=st.sampled_from(["negative", "neutral", "positive"]),
    score=st.floats(0, 1),
    sentences=st.lists(sentences, min_size=1),
    model_version=st.text(),
    source=st.builds(Source, st.text(), st.integers(0, 9), st.integers(0, 2**62), st.integers(0, 2**62))
    | st.just(msgspec.UNSET),
    rating=st.integers(1, 5) | st.floats(1, 5).filter(lambda x: not x.is_integer()) | st.just(msgspec.UNSET),
)


@given(results)
def test_decode_after_encode_is_the_identity(result: ReviewResult) -> None:
    assert decode_result(encode_result(result)) == result


def test_our_headers_take_the_place_of_the_inputs() -> None:
    headers = [("traceparent", b"00-1"), ("schema", b"theirs"), ("empty", None)]
    assert result_headers(headers, [("schema", b"ours")]) == [
        ("traceparent", b"00-1"),
        ("empty", None),
        ("schema", b"ours"),
    ]


def test_a_dead_letter_is_the_record_byte_for_byte_with_the_reason_behind() -> None:
    record = StoredRecord(b"\xff", partition=3, offset=41, headers=(("h", b"\x00"), ("h", None)))
    letter = encode_dead_letter(DeadLetter(record, BlankTextError("field `text` is blank")))
    assert (letter.key, letter.value, letter.source_partition) == (None, b"\xff", 3)
    assert letter.headers == [
        ("h", b"\x00"),
        ("h", None),
        ("__connect.errors.topic", b"reviews.raw"),
        ("__connect.errors.partition", b"3"),
        ("__connect.errors.offset", b"41"),
        ("__connect.errors.stage", b"VALUE_CONVERTER"),
        ("__connect.errors.exception.class.name", b"stream_app.core.errors.BlankTextError"),
        ("__connect.errors.exception.message", b"field `text` is blank"),
        ("dlq.reason", b"blank_text"),
    ]


def test_a_dead_letter_may_leave_its_value_out_and_says_so() -> None:
    letter = without_value(
        encode_dead_letter(DeadLetter(StoredRecord(b"{}", key=b"k"), BlankTextError("blank")))
    )
    assert letter.value is None
    assert letter.key == b"k"
    assert letter.headers[-1] == ("dlq.value_omitted", b"true")
