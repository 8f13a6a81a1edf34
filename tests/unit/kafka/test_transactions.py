"""What a partition's transactions hold, and which producers live through a rebalance."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaError, ProducerFenced
from faust.types import TP

from stream_app.core.messages import OutputRecord
from stream_app.kafka.delivery import Work
from stream_app.kafka.publish import Outputs, OutputTopic, Publisher
from stream_app.kafka.transactions import ExactlyOnce, Lane, Turns

FIRST, SECOND, THIRD = (TP("in", number) for number in range(3))
PUBLISHER = Publisher(OutputTopic("out", 3, 1_000_000, True), OutputTopic("dlq", 3, 1_000_000, True))


class Batch:
    def __init__(self) -> None:
        self.values: list[bytes] = []

    def append(self, *, value: bytes, **_: object) -> object:
        self.values.append(value)
        return self

    def close(self) -> None:
        pass


class Producer:
    """Keeps what it is asked for, and commits when it is let."""

    def __init__(self, name: str = "g-in-0", fails: BaseException | None = None) -> None:
        self.name = name
        self.client = SimpleNamespace(cluster=SimpleNamespace(partitions_for_topic=lambda _: None))
        self.asked: list[Any] = []
        self.may_commit = asyncio.Event()
        self.may_commit.set()
        self.fails = fails

    async def start(self) -> None:
        self.asked.append("start")
        if self.fails:
            raise self.fails

    async def stop(self) -> None:
        self.asked.append("stop")

    async def begin_transaction(self) -> None:
        self.asked.append("begin")

    def create_batch(self) -> Batch:
        return Batch()

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> asyncio.Future[None]:
        self.asked.append((topic, partition, batch.values))
        sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sent.set_result(None)
        return sent

    async def send_offsets_to_transaction(self, offsets: Any, group_id: str) -> None:  # noqa: ANN401 - aiokafka's
        self.asked.append((offsets, group_id))

    async def commit_transaction(self) -> None:
        await self.may_commit.wait()
        if self.fails:
            raise self.fails
        self.asked.append("commit")


def lane(producer: Any, turns: Turns | None = None) -> Lane:  # noqa: ANN401 - a producer's double
    return Lane(FIRST, "g", producer, PUBLISHER, turns or Turns())


def work(*values: bytes, end: int, letters: tuple[bytes, ...] = (), partition: TP = FIRST) -> Work:
    results = [OutputRecord(b"k", value, [], partition.partition, True) for value in values]
    dead = [OutputRecord(b"k", value, [], partition.partition, True) for value in letters]
    return Work(partition, end, Outputs(results, dead))


def test_outputs_and_offset_are_in_one_transaction_and_done_when_it_is_committed() -> None:
    async def scenario() -> None:
        producer = Producer()
        producer.may_commit.clear()
        done = lane(producer).put(work(b"a", b"b", end=7, letters=(b"bad",)))
        await asyncio.sleep(0.01)
        whole = ["begin", ("out", 0, [b"a", b"b"]), ("dlq", 0, [b"bad"]), ({("in", 0): 7}, "g")]
        assert producer.asked == whole
        assert not done.done()
        producer.may_commit.set()
        await done
        assert producer.asked == [*whole, "commit"]

    asyncio.run(scenario())


def test_what_waits_goes_into_the_next_transaction_together_and_in_order() -> None:
    async def scenario() -> None:
        producer = Producer()
        producer.may_commit.clear()
        partition = lane(producer)
        first = partition.put(work(b"a", end=1))
        await asyncio.sleep(0.01)
        behind = [partition.put(work(value, end=end)) for value, end in ((b"b", 2), (b"c", 3))]
        producer.may_commit.set()
        await asyncio.gather(first, *behind)
        assert producer.asked.count("commit") == 2
        assert producer.asked[-3:] == [("out", 0, [b"b", b"c"]), ({("in", 0): 3}, "g"), "commit"]

    asyncio.run(scenario())


def test_transactions_take_turns_and_large_ones_take_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 5.0
    monkeypatch.setattr("stream_app.kafka.transactions.time.monotonic", lambda: now)
    turns = Turns()
    waits = [turns.take(outputs) for outputs in (1, 1, 100, 1)]
    assert waits == pytest.approx([0, 0.0065, 0.013, 0.029])
    now = 6.0
    assert turns.take(1) == 0


def test_a_slice_waits_for_its_turn_and_others_go_with_it() -> None:
    async def scenario() -> None:
        producer, turns = Producer(), Turns()
        partition = lane(producer, turns)
        for _ in range(10):
            turns.take(1)
        done = [partition.put(work(value, end=end)) for value, end in ((b"a", 1), (b"b", 2))]
        await asyncio.sleep(0.02)
        assert producer.asked == []
        await asyncio.gather(*done)
        assert producer.asked.count("begin") == 1

    asyncio.run(scenario())


def test_after_a_failure_whoever_waits_is_told_and_no_transaction_begins() -> None:
    async def scenario() -> None:
        producer = Producer(fails=ProducerFenced())
        producer.may_commit.clear()
        partition = lane(producer)
        first = partition.put(work(b"a", end=1))
        await asyncio.sleep(0.01)
        behind = partition.put(work(b"b", end=2))
        producer.may_commit.set()
        with pytest.raises(ProducerFenced):
            await first
        await partition.drained()
        assert not behind.done()
        assert producer.asked.count("begin") == 1

    asyncio.run(scenario())


class Producers:
    """Makes producers and keeps them."""

    def __init__(self) -> None:
        self.made: list[Producer] = []
        self.fails: BaseException | None = None

    def __call__(self, name: str) -> Any:  # noqa: ANN401 - a producer's double
        self.made.append(Producer(name, self.fails))
        return self.made[-1]

    def take_names(self) -> list[str]:
        """Those made since this was last asked."""
        names, self.made = sorted(producer.name for producer in self.made), []
        return names


def test_a_rebalance_starts_producers_for_new_partitions_and_stops_those_of_lost_ones() -> None:
    async def scenario() -> None:
        producers = Producers()
        delivery = ExactlyOnce(producers, "g", PUBLISHER)
        await delivery.take_over({FIRST, SECOND}, 5)
        by_name = {producer.name: producer.asked for producer in producers.made}
        assert by_name == {"g-in-0": ["start"], "g-in-1": ["start"]}
        producers.take_names()
        await delivery.take_over({SECOND, THIRD}, 6)
        assert producers.take_names() == ["g-in-2"]
        assert by_name == {"g-in-0": ["start", "stop"], "g-in-1": ["start"]}
        await delivery.close()
        assert by_name["g-in-1"] == ["start", "stop"]

    asyncio.run(scenario())


def test_with_a_generation_missed_all_producers_are_started_anew() -> None:
    async def scenario() -> None:
        producers = Producers()
        delivery = ExactlyOnce(producers, "g", PUBLISHER)
        for generation, started in ((5, ["g-in-0"]), (5, []), (6, []), (8, ["g-in-0"])):
            await delivery.take_over({FIRST}, generation)
            assert producers.take_names() == started

    asyncio.run(scenario())


def test_what_is_in_work_is_finished_before_committed_offsets_are_read() -> None:
    async def scenario() -> None:
        producers = Producers()
        delivery = ExactlyOnce(producers, "g", PUBLISHER)
        await delivery.take_over({FIRST}, 5)
        producers.made[0].may_commit.clear()
        done = await delivery.deliver(work(b"a", end=1))
        taking_over = asyncio.create_task(delivery.take_over({FIRST}, 6))
        await asyncio.sleep(0.01)
        assert not taking_over.done()
        producers.made[0].may_commit.set()
        await taking_over
        await done

    asyncio.run(scenario())


def test_a_producer_that_cannot_start_is_stopped_and_the_error_told() -> None:
    async def scenario() -> None:
        producers = Producers()
        producers.fails = KafkaError()
        with pytest.raises(KafkaError):
            await ExactlyOnce(producers, "g", PUBLISHER).take_over({FIRST}, 1)
        assert producers.made[0].asked == ["start", "stop"]

    asyncio.run(scenario())


def test_the_consumer_commits_nothing() -> None:
    async def by_consumer(_: object) -> bool:
        raise AssertionError("offsets are in the transactions")

    async def scenario() -> None:
        assert await ExactlyOnce(Producers(), "g", PUBLISHER).commit({FIRST: 3}, by_consumer)

    asyncio.run(scenario())
