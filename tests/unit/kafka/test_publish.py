import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import UnknownTopicOrPartitionError
from aiokafka.partitioner import murmur2
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.errors import BlankTextError
from stream_app.core.messages import DeadLetter, OutputRecord, encode_dead_letter
from stream_app.core.pipeline import record_bytes
from stream_app.kafka.publish import Outputs, OutputTopic, Publisher, fit, result_partition
from tests.records import StoredRecord


def output(key: bytes, *, keyed: bool, partition: int = 5) -> OutputRecord:
    return OutputRecord(key, b"{}", [], partition, keyed)


@pytest.mark.parametrize(
    ("keyed", "same_partitions", "expected"),
    [
        (True, True, 5),
        (True, False, (murmur2(b"k") & 0x7FFFFFFF) % 12),
        (False, True, (murmur2(b"k") & 0x7FFFFFFF) % 12),
    ],
)
def test_a_keyed_record_stays_in_its_partition_where_it_can(
    keyed: bool, same_partitions: bool, expected: int
) -> None:
    topic = OutputTopic("t", 12, 1000, same_partitions)
    assert result_partition(output(b"k", keyed=keyed), topic) == expected


def test_murmur2_is_javas() -> None:
    """Values of Kafka's own UtilsTest.testMurmur2."""
    known = {b"21": -973932308, b"foobar": -790332482, b"a-little-bit-long-string": -985981536}
    assert {key: murmur2(key) for key in known} == {key: value % 2**32 for key, value in known.items()}


@given(st.binary(), st.integers(1, 50), st.integers(0, 200), st.booleans(), st.booleans())
def test_the_partition_is_one_of_the_topics(
    key: bytes, partitions: int, source: int, keyed: bool, same: bool
) -> None:
    topic = OutputTopic("t", partitions, 1000, same)
    assert 0 <= result_partition(output(key, keyed=keyed, partition=source), topic) < partitions


def letter(value: bytes, headers: tuple[tuple[str, bytes | None], ...] = ()) -> OutputRecord:
    record = StoredRecord(value, key=b"k", headers=headers)
    return encode_dead_letter(DeadLetter(record, BlankTextError("blank")))


def test_a_dead_letter_that_fits_is_left_alone() -> None:
    whole = letter(b"x" * 1000)
    assert fit(whole, record_bytes(whole)) is whole


def test_a_dead_letter_that_does_not_fit_leaves_its_value_out() -> None:
    fitted = fit(letter(b"x" * 10_000, headers=(("h", b"1"),)), 2_000)
    assert (fitted.key, fitted.value) == (b"k", None)
    assert ("h", b"1") in fitted.headers
    assert ("dlq.value_omitted", b"true") in fitted.headers


def test_where_the_headers_alone_do_not_fit_only_ours_stay() -> None:
    fitted = fit(letter(b"x" * 10_000, headers=(("h", b"1" * 10_000),)), 2_000)
    assert record_bytes(fitted) <= 2_000
    assert [name for name, _ in fitted.headers][-2:] == ["dlq.reason", "dlq.value_omitted"]
    assert "h" not in dict(fitted.headers)


def producer_that_knows(partitions: dict[str, set[int]]) -> Any:  # noqa: ANN401 - a producer's double
    return SimpleNamespace(
        client=SimpleNamespace(cluster=SimpleNamespace(partitions_for_topic=partitions.get))
    )


@pytest.mark.parametrize("topic", ["out", "dlq"])
def test_a_topic_with_fewer_partitions_than_before_is_told_of(topic: str) -> None:
    publisher = Publisher(*(OutputTopic(name, 3, 1_000_000, True) for name in ("out", "dlq")))
    known = {"out": {0, 1, 2}, "dlq": {0, 1, 2, 3}} | {topic: {0, 1}}
    with pytest.raises(UnknownTopicOrPartitionError, match=f"{topic} has 2 partitions now, it had 3"):
        asyncio.run(publisher.publish(producer_that_knows(known), Outputs([], [])))


@pytest.mark.parametrize("known", [{}, {"out": {0, 1, 2}, "dlq": {0, 1, 2, 3}}])
def test_a_topic_that_is_unknown_for_a_moment_or_has_grown_is_fine(known: dict[str, set[int]]) -> None:
    publisher = Publisher(*(OutputTopic(name, 3, 1_000_000, True) for name in ("out", "dlq")))
    assert asyncio.run(publisher.publish(producer_that_knows(known), Outputs([], []))) == []
