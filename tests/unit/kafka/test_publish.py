import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from aiokafka.errors import UnknownTopicOrPartitionError
from aiokafka.partitioner import murmur2
from aiokafka.producer.message_accumulator import BatchBuilder
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.errors import BlankTextError
from stream_app.core.messages import DeadLetter, OutputRecord, encode_dead_letter
from stream_app.core.pipeline import record_bytes
from stream_app.kafka.publish import Batches, Outputs, OutputTopic, Publisher, fit, result_partition
from tests.records import StoredRecord

if TYPE_CHECKING:
    from stream_app.kafka.producers import PatientProducer


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
        publisher.check(producer_that_knows(known))


@pytest.mark.parametrize("known", [{}, {"out": {0, 1, 2}, "dlq": {0, 1, 2, 3}}])
def test_a_topic_that_is_unknown_for_a_moment_or_has_grown_is_fine(known: dict[str, set[int]]) -> None:
    publisher = Publisher(*(OutputTopic(name, 3, 1_000_000, True) for name in ("out", "dlq")))
    publisher.check(producer_that_knows(known))


class BusyProducer:
    """Takes batches of 1,000 bytes; the last one of a partition waits until it is taken."""

    def __init__(self) -> None:
        self.sent: list[tuple[tuple[str, int], BatchBuilder]] = []
        self._waiting: dict[tuple[str, int], tuple[BatchBuilder, asyncio.Future[None]]] = {}

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(1_000, 0)

    def waiting_batch(self, topic: str, partition: int) -> tuple[BatchBuilder, asyncio.Future[None]] | None:
        return self._waiting.get((topic, partition))

    async def send_batch(self, batch: BatchBuilder, topic: str, *, partition: int) -> asyncio.Future[None]:
        place, done = (topic, partition), asyncio.get_running_loop().create_future()
        self.sent.append((place, batch))
        self._waiting[place] = (batch, done)
        return done

    def take(self) -> None:
        """All that waits goes out."""
        self._waiting.clear()


async def publish(producer: BusyProducer, records: list[OutputRecord]) -> list[asyncio.Future[None]]:
    publisher = Publisher(*(OutputTopic(name, 12, 1_000_000, True) for name in ("out", "dlq")))
    batches = Batches(cast("PatientProducer", producer))
    publisher.pack(Outputs(records, []), batches)
    return await batches.send()


def test_what_comes_while_the_broker_is_busy_goes_with_the_batch_that_waits() -> None:
    one, two = (output(b"k", keyed=True, partition=partition) for partition in (1, 2))

    async def scenario() -> list[tuple[tuple[str, int], int]]:
        producer = BusyProducer()
        first = await publish(producer, [one, two])
        assert await publish(producer, [two, one, one]) == first[::-1]
        producer.take()
        assert (await publish(producer, [one]))[0] not in first
        return [(place, batch.record_count()) for place, batch in producer.sent]

    assert asyncio.run(scenario()) == [(("out", 1), 3), (("out", 2), 2), (("out", 1), 1)]


def test_what_has_no_room_in_the_batch_that_waits_goes_in_the_next_and_both_are_waited_for() -> None:
    large = OutputRecord(b"k", b"x" * 300, [], 5, True)

    async def scenario() -> list[int]:
        producer = BusyProducer()
        (first,) = await publish(producer, [large] * 2)
        waits_for = await publish(producer, [large] * 2)
        assert waits_for[0] is first
        assert len(waits_for) == 2
        return [batch.record_count() for _, batch in producer.sent]

    assert asyncio.run(scenario()) == [3, 1]


def test_what_is_added_later_shares_a_batch_with_what_came_before() -> None:
    large = OutputRecord(b"k", b"x" * 300, [], 5, True)

    async def scenario() -> list[int]:
        producer = BusyProducer()
        batches = Batches(cast("PatientProducer", producer))
        for _ in range(4):
            batches.add("out", 5, [large])
        assert not producer.sent
        assert len(await batches.send()) == 2
        return [batch.record_count() for _, batch in producer.sent]

    assert asyncio.run(scenario()) == [3, 1]
