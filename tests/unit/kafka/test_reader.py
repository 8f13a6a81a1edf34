from collections.abc import Iterator

import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, KafkaError, KafkaException, Message
from hypothesis import given
from hypothesis import strategies as st

from stream_app.kafka.connection import TopicError
from stream_app.kafka.reader import RawRecord, _before, checked, is_end, raw_record


def message(partition: int, offset: int) -> Message:
    timestamp = (TIMESTAMP_CREATE_TIME, 1_000 + offset)
    return Message("t", partition, offset, b"k", b"v", [("h", None)], timestamp=timestamp)


def end(partition: int, offset: int) -> Message:
    return Message("t", partition, offset, error=KafkaError(KafkaError._PARTITION_EOF))


def failed(code: int) -> Message:
    return Message("t", 0, 0, error=KafkaError(code))


def places(records: Iterator[RawRecord]) -> list[tuple[int, int]]:
    return [(record.partition, record.offset) for record in records]


def test_a_record_is_as_it_was() -> None:
    assert raw_record(message(3, 7)) == RawRecord("t", 3, 7, 1_007, b"k", b"v", (("h", None),))


def test_a_record_may_have_neither_key_nor_value_nor_headers() -> None:
    bare = Message("t", 0, 0, timestamp=(TIMESTAMP_CREATE_TIME, 1))
    assert raw_record(bare) == RawRecord("t", 0, 0, 1, None, None, ())


def test_reading_ends_with_the_last_record_before_the_end() -> None:
    batches = iter([[message(0, 0)], [message(0, 1)]])
    assert places(_before({0: 2}, batches, {0})) == [(0, 0), (0, 1)]


def test_records_behind_the_end_are_left_out() -> None:
    batches = iter([[message(0, 0), message(0, 1), message(0, 2)]])
    assert places(_before({0: 2}, batches, {0})) == [(0, 0), (0, 1)]


def test_a_gap_before_the_end_does_not_keep_it_waiting() -> None:
    batches = iter([[message(0, 0)], [], [end(0, 5)]])
    assert places(_before({0: 5}, batches, {0})) == [(0, 0)]


def test_a_record_behind_the_end_also_tells_that_the_end_was_passed() -> None:
    batches = iter([[message(0, 0)], [message(0, 9)]])
    assert places(_before({0: 5}, batches, {0})) == [(0, 0)]


def test_it_waits_for_every_partition() -> None:
    batches = iter([[message(1, 0)], [message(0, 0)], [message(0, 1)]])
    assert places(_before({0: 2, 1: 1}, batches, {0, 1})) == [(1, 0), (0, 0), (0, 1)]


@given(
    st.lists(st.integers(0, 9), min_size=1, unique=True).map(sorted), st.integers(1, 10), st.integers(1, 4)
)
def test_whatever_gaps_there_are_each_record_before_the_end_comes_once(
    offsets: list[int], end_offset: int, batch: int
) -> None:
    stored = [message(0, offset) for offset in offsets] + [end(0, 10)]
    batches = iter([stored[start : start + batch] for start in range(0, len(stored), batch)])
    expected = [(0, offset) for offset in offsets if offset < end_offset]
    assert places(_before({0: end_offset}, batches, {0})) == expected


def test_an_end_is_told_apart_from_a_record() -> None:
    assert is_end(end(0, 1))
    assert not is_end(message(0, 1))
    assert not is_end(failed(KafkaError.UNKNOWN))


def test_a_refused_group_does_not_matter_since_none_is_used() -> None:
    good = message(0, 0)
    assert checked("t", [failed(KafkaError.GROUP_AUTHORIZATION_FAILED), good, end(0, 1)])[0] is good


def test_other_errors_are_raised() -> None:
    with pytest.raises(TopicError, match="topic t "):
        checked("t", [message(0, 0), failed(KafkaError.TOPIC_AUTHORIZATION_FAILED)])
    with pytest.raises(KafkaException):
        checked("t", [failed(KafkaError.UNKNOWN)])
