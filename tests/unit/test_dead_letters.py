from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.errors import Reason, RecordError, SchemaError, ScoringFailedError, TooLargeError
from stream_app.core.messages import DeadLetter, encode_dead_letter, without_value
from stream_app.dead_letter_reader import select
from stream_app.dead_letters import DeadLetterFilter, NotADeadLetterError, parse, printable
from stream_app.kafka.reader import RawRecord
from tests.records import StoredRecord


def letter(
    error: RecordError,
    source: StoredRecord | None = None,
    offset: int = 0,
    timestamp: int = 0,
    omit: bool = False,
) -> RawRecord:
    """The dead letter of a record, as it lies in its topic."""
    output = encode_dead_letter(DeadLetter(source or StoredRecord(b"{}"), error))
    output = without_value(output) if omit else output
    headers = tuple(output.headers)
    return RawRecord("reviews.raw.dlq", 0, offset, timestamp, output.key, output.value, headers)


def test_a_dead_letter_tells_what_where_and_why() -> None:
    source = StoredRecord(b'{"text":1}', b"k\xff", topic="reviews.raw", partition=3, offset=17)
    view = parse(letter(SchemaError("field `text`: expected a string"), source, offset=5, timestamp=99))
    assert (view.topic, view.partition, view.offset) == ("reviews.raw", 3, 17)
    assert (view.dlq_partition, view.dlq_offset, view.timestamp_ms) == (0, 5, 99)
    assert (view.reason, view.stage) == ("schema", "VALUE_CONVERTER")
    assert view.error_class == "stream_app.core.errors.SchemaError"
    assert view.error_message == "field `text`: expected a string"
    assert (view.key, view.value_bytes, view.value_preview) == ("k\\xff", 10, '{"text":1}')
    assert not view.value_omitted


def test_null_keys_and_values_are_told_apart_from_empty_ones() -> None:
    nothing = parse(letter(SchemaError("x"), StoredRecord(None, None)))
    assert (nothing.key, nothing.value_bytes, nothing.value_preview) == (None, None, "")
    empty = parse(letter(SchemaError("x"), StoredRecord(b"", b"")))
    assert (empty.key, empty.value_bytes, empty.value_preview) == ("", 0, "")


def test_an_omitted_value_is_told() -> None:
    view = parse(letter(TooLargeError("x"), StoredRecord(b"large"), omit=True))
    assert (view.value_omitted, view.value_bytes) == (True, None)


def test_our_headers_count_when_the_record_had_been_a_dead_letter_before() -> None:
    before = (("dlq.reason", b"schema"), ("__connect.errors.offset", b"1"))
    view = parse(letter(ScoringFailedError("x"), StoredRecord(b"{}", headers=before, offset=2)))
    assert (view.reason, view.offset) == ("scoring_failed", 2)


@pytest.mark.parametrize("missing", ["dlq.reason", "__connect.errors.topic", "__connect.errors.offset"])
def test_a_record_without_the_headers_is_no_dead_letter(missing: str) -> None:
    record = letter(SchemaError("x"))
    headers = tuple(header for header in record.headers if header[0] != missing)
    with pytest.raises(NotADeadLetterError, match=missing):
        parse(record._replace(headers=headers))


def test_a_place_that_is_no_number_is_told() -> None:
    record = letter(SchemaError("x"))
    with pytest.raises(NotADeadLetterError, match=r"__connect\.errors\.partition.*'first'"):
        parse(record._replace(headers=(*record.headers, ("__connect.errors.partition", b"first"))))


def several() -> list[RawRecord]:
    errors = [
        SchemaError("x"),
        TooLargeError("x"),
        SchemaError("x"),
        ScoringFailedError("x"),
        SchemaError("x"),
    ]
    sources = [StoredRecord(b"{}", partition=number % 2) for number in range(len(errors))]
    times = [500, 100, 300, 400, 200]
    return [
        letter(error, source, offset, time)
        for offset, (error, source, time) in enumerate(zip(errors, sources, times, strict=True))
    ]


def test_all_are_counted_and_the_newest_are_listed_the_oldest_first() -> None:
    found = select(several(), DeadLetterFilter(), limit=3)
    assert [view.timestamp_ms for view in found.letters] == [300, 400, 500]
    assert list(found.counts.items()) == [("schema", 3), ("too_large", 1), ("scoring_failed", 1)]
    assert found.strangers == 0


@pytest.mark.parametrize(
    ("wanted", "times"),
    [
        (DeadLetterFilter(reason="schema"), [200, 300, 500]),
        (DeadLetterFilter(partition=1), [100, 400]),
        (DeadLetterFilter(since_ms=300), [300, 400, 500]),
        (DeadLetterFilter(until_ms=300), [100, 200]),
        (DeadLetterFilter("schema", 0, 200, 500), [200, 300]),
        (DeadLetterFilter(reason="tombstone"), []),
    ],
)
def test_only_what_is_wanted_is_listed_and_counted(wanted: DeadLetterFilter, times: list[int]) -> None:
    found = select(several(), wanted, limit=10)
    assert [view.timestamp_ms for view in found.letters] == times
    assert sum(found.counts.values()) == len(times)


def test_strangers_are_counted_apart() -> None:
    stranger = RawRecord("reviews.raw.dlq", 0, 9, 1, None, b"hello", ())
    found = select([stranger, *several()], DeadLetterFilter(), limit=10)
    assert (found.strangers, len(found.letters)) == (1, 5)


def test_nothing_is_found_in_an_empty_topic() -> None:
    assert select([], DeadLetterFilter(), limit=10) == ([], {}, 0)


@given(st.sampled_from(get_args(Reason)), st.binary(max_size=300), st.integers(0, 10**6))
def test_every_dead_letter_that_the_core_makes_is_read_back(
    reason: Reason, value: bytes, offset: int
) -> None:
    kind = next(kind for kind in RecordError.__subclasses__() if kind.reason == reason)
    view = parse(letter(kind("why"), StoredRecord(value, offset=offset)))
    assert (view.reason, view.offset, view.value_bytes) == (reason, offset, len(value))


@given(st.one_of(st.binary(max_size=200), st.text(max_size=100).map(str.encode)), st.integers(1, 50))
def test_a_preview_of_any_bytes_is_printable_and_short(value: bytes, max_chars: int) -> None:
    longest_escape = len("\\U0010ffff")
    shown = printable(value, max_chars)
    assert shown.isprintable()
    assert len(shown) <= longest_escape * max_chars + 1


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=60), st.integers(1, 50))
def test_printable_text_is_shown_as_it_is_up_to_the_limit(text: str, max_chars: int) -> None:
    expected = text if len(text) <= max_chars else text[:max_chars] + "…"
    assert printable(text.encode(), max_chars) == expected


def test_what_could_change_a_terminal_is_escaped() -> None:
    assert printable(b"a\x1b[31mb\r\nc\xffd\x00") == "a\\x1b[31mb\\r\\nc\\xffd\\x00"
