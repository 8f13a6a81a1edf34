import json

import pytest

from stream_app.bundled import bundled
from stream_app.core.errors import NotJsonError
from stream_app.core.messages import ReviewDecoder, decode_result
from stream_app.core.pipeline import Rules, classify
from stream_app.core.wire_format import framing, unframed
from stream_app.model_store import load_model
from tests.records import StoredRecord


def test_the_frame_is_a_zero_byte_and_the_id_big_endian() -> None:
    assert framing(258) == b"\x00\x00\x00\x01\x02"


@pytest.mark.parametrize("value", [b"", b"{}", b" {}", b"\xff"])
def test_only_a_frame_is_taken_away(value: bytes) -> None:
    assert unframed(value) == value
    assert unframed(framing(7) + value) == value


def test_a_framed_review_is_read_when_frames_are_expected_and_only_then() -> None:
    framed, plain = framing(7) + b'{"text": "Good."}', b'{"text": "Good."}'
    assert [ReviewDecoder(framed=True).decode(value).text for value in (framed, plain)] == ["Good."] * 2
    with pytest.raises(NotJsonError):
        ReviewDecoder().decode(framed)
    with pytest.raises(NotJsonError):
        ReviewDecoder(framed=True).decode(b"\x00")


def test_results_come_in_the_frame_and_dead_letters_as_they_came() -> None:
    model = load_model(bundled("champion"), "inherited")
    rules = Rules(ReviewDecoder(framed=True), framing=framing(7))
    values = [framing(3) + b'{"text": "Good."}', framing(3) + b"{}"]
    outcome = classify([StoredRecord(value) for value in values], model, rules)
    (result,), (letter,) = outcome.results, outcome.dead_letters
    value = result.value or b""
    assert value.startswith(b"\x00\x00\x00\x00\x07{")
    assert json.loads(unframed(value))["sentences"][0]["text"] == "Good."
    assert decode_result(value).sentences[0].text == "Good."
    assert letter.record.value == values[1]
