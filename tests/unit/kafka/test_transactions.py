"""What a transaction holds, and who is fenced at a rebalance."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaError, ProducerFenced, UnknownTopicOrPartitionError
from faust.types import TP

from stream_app.core.messages import OutputRecord
from stream_app.kafka.delivery import Work
from stream_app.kafka.publish import Outputs, OutputTopic, Publisher
from stream_app.kafka.requests import Membership
from stream_app.kafka.transactions import ExactlyOnce, Lane

FIRST, SECOND, THIRD = (TP("in", number) for number in range(3))
PUBLISHER = Publisher(OutputTopic("out", 3, 1_000_000, True), OutputTopic("dlq", 3, 1_000_000, True))


class Batch:
    def __init__(self) -> None:
        self.values: list[bytes] = []

    def append(self, *, value: bytes, **_: object) -> object:
        self.values.append(value)
        return self


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

    def waiting_batch(self, _topic: str, _partition: int) -> None:
        """None waits."""

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


def lane(producer: Any) -> Lane:  # noqa: ANN401 - a producer's double
    return Lane("g", producer, PUBLISHER)


def member(generation: int) -> Membership:
    return Membership("m", generation)


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
        slices = lane(producer)
        first = slices.put(work(b"a", end=1))
        await asyncio.sleep(0.01)
        behind = [
            slices.put(work(b"b", end=2)),
            slices.put(work(b"x", end=9, partition=SECOND)),
            slices.put(work(b"c", end=3)),
        ]
        producer.may_commit.set()
        await asyncio.gather(first, *behind)
        assert producer.asked.count("commit") == 2
        offsets = ({("in", 0): 3, ("in", 1): 9}, "g")
        assert producer.asked[-4:] == [("out", 0, [b"b", b"c"]), ("out", 1, [b"x"]), offsets, "commit"]

    asyncio.run(scenario())


def test_a_transaction_that_waits_for_a_partition_that_is_gone_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_app.kafka.transactions._CHECK_S", 0.01)

    async def scenario() -> None:
        producer = Producer()
        producer.may_commit.clear()
        done = lane(producer).put(work(b"a", end=1))
        await asyncio.sleep(0.05)
        assert not done.done()
        producer.client.cluster.partitions_for_topic = lambda _: {0, 1}
        with pytest.raises(UnknownTopicOrPartitionError, match="out has 2 partitions now, it had 3"):
            await done

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
        self.members: set[Membership] = set()
        self.fails: BaseException | None = None

    def __call__(self, name: str, member: Membership) -> Any:  # noqa: ANN401 - a producer's double
        self.made.append(Producer(name, self.fails))
        self.members.add(member)
        return self.made[-1]

    def take(self) -> dict[str, list[Any]]:
        """Those made since this was last asked, and what they were asked for."""
        made, self.made = {producer.name: producer.asked for producer in self.made}, []
        return made


def test_former_owners_are_fenced_and_transactions_go_by_the_first_partition() -> None:
    async def scenario() -> None:
        producers = Producers()
        delivery = ExactlyOnce(producers, "g", PUBLISHER)
        await delivery.take_over({THIRD, SECOND}, member(5))
        made = producers.take()
        assert made == {"g-in-1": ["start"], "g-in-2": ["start", "stop"]}
        await (await delivery.deliver(work(b"a", end=1, partition=THIRD)))
        assert made["g-in-1"][-1] == "commit"
        await delivery.close()
        assert made["g-in-1"][-1] == "stop"

    asyncio.run(scenario())


def test_a_rebalance_fences_who_owned_what_is_new_and_begins_with_a_producer_of_the_new_generation() -> None:
    async def scenario() -> None:
        producers = Producers()
        delivery = ExactlyOnce(producers, "g", PUBLISHER)
        await delivery.take_over({SECOND, THIRD}, member(5))
        before = producers.take()
        await delivery.take_over({FIRST, SECOND, THIRD}, member(6))
        assert before["g-in-1"] == ["start", "stop"]
        assert producers.take() == {"g-in-0": ["start"]}
        await delivery.take_over({SECOND, THIRD}, member(7))
        assert producers.take() == {"g-in-1": ["start"]}
        assert producers.members == {member(5), member(6), member(7)}

    asyncio.run(scenario())


def test_with_a_generation_missed_all_are_fenced_anew() -> None:
    async def scenario() -> None:
        producers = Producers()
        delivery = ExactlyOnce(producers, "g", PUBLISHER)
        both, one = {"g-in-0", "g-in-1"}, {"g-in-0"}
        for generation, started in ((5, both), (5, one), (6, one), (8, both)):
            await delivery.take_over({FIRST, SECOND}, member(generation))
            assert producers.take().keys() == started

    asyncio.run(scenario())


def test_without_partitions_nothing_can_be_delivered() -> None:
    async def scenario() -> None:
        delivery = ExactlyOnce(Producers(), "g", PUBLISHER)
        await delivery.take_over({FIRST}, member(1))
        await delivery.take_over(set(), member(2))
        with pytest.raises(RuntimeError, match="not taken over"):
            await delivery.deliver(work(b"a", end=1))
        await delivery.close()

    asyncio.run(scenario())


def test_what_is_in_work_is_finished_before_committed_offsets_are_read() -> None:
    async def scenario() -> None:
        producers = Producers()
        delivery = ExactlyOnce(producers, "g", PUBLISHER)
        await delivery.take_over({FIRST}, member(5))
        producers.made[0].may_commit.clear()
        done = await delivery.deliver(work(b"a", end=1))
        taking_over = asyncio.create_task(delivery.take_over({FIRST}, member(6)))
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
            await ExactlyOnce(producers, "g", PUBLISHER).take_over({FIRST}, member(1))
        assert producers.made[0].asked == ["start", "stop"]

    asyncio.run(scenario())


def test_the_consumer_commits_nothing() -> None:
    async def by_consumer(_: object) -> bool:
        raise AssertionError("offsets are in the transactions")

    async def scenario() -> None:
        assert await ExactlyOnce(Producers(), "g", PUBLISHER).commit({FIRST: 3}, by_consumer)

    asyncio.run(scenario())
