"""Exactly-once: outputs and the offset of their input become visible together, in one transaction.

Each input partition has a transactional producer of its own, whose id is made of group, topic and partition.
Whoever owns a partition starts that producer before it reads the committed offset: the broker then ends an
open transaction of the former owner and refuses its producer from there on. So a worker that was given up for
dead and goes on can commit nothing, and what it wrote is aborted.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.structs import TopicPartition
from faust.types import TP

from stream_app.kafka.delivery import Commit, Offsets, Work
from stream_app.kafka.publish import Outputs, Publisher

NewProducer = Callable[[str], AIOKafkaProducer]
"""Makes a producer with the given transactional id."""

_SHORT_TURN_S: Final = 0.0065
_LONG_TURN_S: Final = 0.016
_MANY_RESULTS: Final = 100
_TAKE_OVER_S: Final = 45.0
"""Faust gives a seek 60 s and then goes on without it."""


class Turns:
    """Transactions of all partitions begin one after the other, with a pause between two of them.

    A transaction costs five requests whatever it holds. Without a pause there are so many that the broker and
    this process have no time for the reviews; under full load a longer one is worth it.
    """

    def __init__(self) -> None:
        self._next = 0.0

    def take(self, results: int) -> float:
        """The next turn, for a transaction of so many results or more: in how many seconds it is."""
        now = time.monotonic()
        turn = max(now, self._next)
        self._next = turn + (_LONG_TURN_S if results >= _MANY_RESULTS else _SHORT_TURN_S)
        return turn - now


class Lane:
    """The transactions of one partition, one after the other: each takes all slices that wait.

    Args:
        partition: of the input.
        group_id: whose offsets are committed.
        producer: transactional, started.
        publisher: knows the output topics.
        turns: shared with the other partitions.
    """

    def __init__(
        self,
        partition: TP,
        group_id: str,
        producer: AIOKafkaProducer,
        publisher: Publisher,
        turns: Turns,
    ) -> None:
        self._partition = TopicPartition(*partition)
        self._group_id = group_id
        self._producer = producer
        self._publisher = publisher
        self._turns = turns
        self._waiting: list[tuple[Work, asyncio.Future[None]]] = []
        self._running: asyncio.Task[None] | None = None

    def put(self, work: Work) -> asyncio.Future[None]:
        """Enqueue a slice.

        Returns:
            Done when its transaction is committed. It raises what the transaction failed with.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, done))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._work())
        return done

    async def drained(self) -> None:
        """Wait until nothing is in work."""
        if self._running is not None:
            await asyncio.wait({self._running})

    async def close(self) -> None:
        """Finish what is in work, and let go of the connection."""
        await self.drained()
        await self._producer.stop()

    async def _work(self) -> None:
        """After a failure no further transaction begins: the process is about to end."""
        while self._waiting:
            await asyncio.sleep(self._turns.take(len(self._waiting[0][0].outputs.results)))
            taken, self._waiting = self._waiting, []
            try:
                await self._transact([work for work, _ in taken])
            except Exception as error:  # noqa: BLE001 - whoever waits for the slices ends the process
                for _, done in taken:
                    done.set_exception(error)
                return
            for _, done in taken:
                done.set_result(None)

    async def _transact(self, slices: list[Work]) -> None:
        results = [record for work in slices for record in work.outputs.results]
        letters = [record for work in slices for record in work.outputs.dead_letters]
        await self._producer.begin_transaction()
        sent = await self._publisher.publish(self._producer, Outputs(results, letters))
        offsets = {self._partition: slices[-1].end_offset}
        await self._producer.send_offsets_to_transaction(offsets, self._group_id)
        await asyncio.gather(*sent)
        await self._producer.commit_transaction()


class ExactlyOnce:
    """A lane for each partition; offsets travel in its transactions.

    Args:
        new_producer: for a transactional id.
        group_id: of the consumer group.
        publisher: knows the output topics.
    """

    def __init__(self, new_producer: NewProducer, group_id: str, publisher: Publisher) -> None:
        self._new_producer = new_producer
        self._group_id = group_id
        self._publisher = publisher
        self._turns = Turns()
        self._lanes: dict[TP, Lane] = {}
        self._generation = 0

    async def take_over(self, partitions: Collection[TP], generation: int) -> None:
        """Fence former owners of the partitions. Of those that were ours all the time the producers go on.

        Raises:
            KafkaError: the broker refuses a producer.
            TimeoutError: a producer did not start in time.
        """
        async with asyncio.timeout(_TAKE_OVER_S):
            await asyncio.gather(*(lane.drained() for lane in self._lanes.values()))
            kept = self._kept(partitions, generation)
            given_up = [self._lanes.pop(partition) for partition in set(self._lanes) - kept]
            self._generation = generation
            await asyncio.gather(
                *(lane.close() for lane in given_up), *(self._open(tp) for tp in set(partitions) - kept)
            )

    async def deliver(self, work: Work) -> Awaitable[object]:
        """See Delivery."""
        return self._lanes[work.partition].put(work)

    async def commit(self, offsets: Offsets, by_consumer: Commit) -> bool:  # noqa: ARG002 - of no use here
        """What is acked is committed: its offset was part of the transaction."""
        return True

    async def close(self) -> None:
        """See Delivery."""
        await asyncio.gather(*(lane.close() for lane in self._lanes.values()))

    def _kept(self, partitions: Collection[TP], generation: int) -> set[TP]:
        """With a generation in between that we were no part of, another may have owned what we own again."""
        is_next = generation - self._generation in {0, 1}
        return set(self._lanes) & set(partitions) if is_next else set()

    async def _open(self, partition: TP) -> None:
        producer = self._new_producer(f"{self._group_id}-{partition.topic}-{partition.partition}")
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        self._lanes[partition] = Lane(partition, self._group_id, producer, self._publisher, self._turns)
