"""What `dlq inspect` shows of a letter."""

from hypothesis import given
from hypothesis import strategies as st

from stream_app.commands.dlq_inspect import describe, hex_rows
from stream_app.core.errors import NotUtf8Error, RecordError, SchemaError
from stream_app.core.messages import DeadLetter, encode_dead_letter, without_value
from stream_app.dead_letters import Letter, parse
from stream_app.kafka.reader import RawRecord
from tests.records import StoredRecord


def letter(source: StoredRecord, error: RecordError, omit: bool = False) -> Letter:
    output = encode_dead_letter(DeadLetter(source, error))
    output = without_value(output) if omit else output
    record = RawRecord("the.dlq", 2, 5, 1_795_507_200_000, output.key, output.value, tuple(output.headers))
    return Letter(record, parse(record))


def test_everything_about_a_letter_is_shown() -> None:
    source = StoredRecord(b'{"text": 1}', b"k\x00", (("trace", b"\x1b[1m"), ("none", None)), offset=17)
    lines = describe(letter(source, SchemaError("Expected `str`"))).splitlines()
    assert lines[0] == "dead letter 2:5 in the.dlq"
    assert [line.split()[-1] for line in lines[1:7]] == [
        "schema",
        "`str`",
        "VALUE_CONVERTER",
        "reviews.raw-0-17",
        "2026-11-24T08:00:00Z",
        '"k\\x00"',
    ]
    assert lines[7:10] == ["headers", '  trace: "\\x1b[1m"', "  none: null"]
    assert lines[-2:] == ["value, 11 bytes of UTF-8", '  {"text": 1}']


def test_bytes_that_are_no_text_are_shown_in_hex() -> None:
    shown = describe(letter(StoredRecord(b"a|\xff\n"), NotUtf8Error("x")))
    assert "value, 4 bytes that are not UTF-8\n  00000000  61 7c ff 0a " in shown
    assert "|a|..|" in shown


def test_a_long_value_is_cut_and_says_so() -> None:
    shown = describe(letter(StoredRecord("ß".encode() * 3_000), SchemaError("x")))
    assert "value, 6000 bytes of UTF-8, of which 4096 are shown" in shown
    assert shown.count("ß") == 2_048


def test_a_value_that_is_not_there_is_told_from_a_null_one() -> None:
    assert "\nvalue: null\n" in describe(letter(StoredRecord(None), SchemaError("x")))
    assert "\nvalue: not there, it was" in describe(letter(StoredRecord(b"{"), SchemaError("x"), omit=True))


def test_a_letter_that_was_replayed_before_says_so() -> None:
    source = StoredRecord(b"{}", headers=(("dlq.replayed_from", b"the.dlq-2-4"),))
    assert "  replayed from  the.dlq-2-4\n" in describe(letter(source, SchemaError("x")))


@given(st.binary(max_size=100))
def test_hex_is_read_back_by_everyone(value: bytes) -> None:
    rows = hex_rows(value)
    assert bytes.fromhex("".join(row[12:59] for row in rows)) == value
    assert all(row.isascii() and row.isprintable() for row in rows)
