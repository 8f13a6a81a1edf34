"""Exactly-once: outputs and the offsets of their inputs become visible together, in one transaction.

A worker has one transaction open at a time, for all its partitions. Two things keep a worker that was given
up for dead, and goes on, from committing anything:

- Each input partition has a transactional id, made of group, topic and partition. Whoever owns a partition
  starts a producer with its id before it reads the committed offset; a worker's transactions go by the id of
  its first partition. So an open transaction of a former owner is ended at once, and it begins no other.
- Offsets are committed as a member of the group. The broker refuses them once there was a rebalance without
  that member, and tells nobody a committed offset that an open transaction is about to change.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from aiokafka.structs import TopicPartition
from faust.types import TP

from stream_app.kafka.delivery import Commit, Offsets, Work
from stream_app.kafka.producers import TransactionalProducer
from stream_app.kafka.publish import Batches, Publisher
from stream_app.kafka.requests import Membership

NewProducer = Callable[[str, Membership], TransactionalProducer]
"""Makes a producer with the given transactional id, which commits offsets as the given member."""

_CHECK_S: Final = 1.0
"""A transaction that lasts longer may wait for a partition that is gone."""
_TAKE_OVER_S: Final = 45.0
"""Faust gives a seek 60 s and then goes on without it."""


class Transaction:
    """What becomes visible together.

    Args:
        batches: of the outputs.

    Attributes:
        offsets: behind the inputs.
        waiting: done when it is committed; one per slice.
    """

    def __init__(self, batches: Batches) -> None:
        self.batches = batches
        self.offsets: dict[TopicPartition, int] = {}
        self.waiting: list[asyncio.Future[None]] = []


class Lane:
    """Transactions one after the other: while one is on its way to the broker the next one is filled.

    Args:
        group_id: whose offsets are committed.
        producer: started.
        publisher: knows the output topics.
    """

    def __init__(self, group_id: str, producer: TransactionalProducer, publisher: Publisher) -> None:
        self._group_id = group_id
        self._producer = producer
        self._publisher = publisher
        self._next = self._empty()
        self._running: asyncio.Task[None] | None = None

    def put(self, work: Work) -> asyncio.Future[None]:
        """Enqueue a slice.

        Returns:
            Done when its transaction is committed. It raises what the transaction failed with.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._publisher.pack(work.outputs, self._next.batches)
        self._next.offsets[TopicPartition(*work.partition)] = work.end_offset
        self._next.waiting.append(done)
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

    def _empty(self) -> Transaction:
        return Transaction(Batches(self._producer))

    async def _work(self) -> None:
        """After a failure no further transaction begins: the process is about to end."""
        while self._next.waiting:
            taken, self._next = self._next, self._empty()
            try:
                await self._commit(taken)
            except Exception as error:  # noqa: BLE001 - whoever waits for the slices ends the process
                for done in taken.waiting:
                    done.set_exception(error)
                return
            for done in taken.waiting:
                done.set_result(None)

    async def _commit(self, transaction: Transaction) -> None:
        self._publisher.check(self._producer)
        steps = asyncio.create_task(self._steps(transaction))
        while not (await asyncio.wait({steps}, timeout=_CHECK_S))[0]:
            self._publisher.check(self._producer)
        steps.result()

    async def _steps(self, transaction: Transaction) -> None:
        await self._producer.begin_transaction()
        sent = await transaction.batches.send()
        await self._producer.send_offsets_to_transaction(transaction.offsets, self._group_id)
        await asyncio.gather(*sent)
        await self._producer.commit_transaction()


class ExactlyOnce:
    """A lane for all partitions; offsets travel in its transactions.

    Slices come back in lumps, a transaction's at a time, so there is room for three. A transaction has some
    ten waits, each of two or three turns of the event loop: were a slice classified in every turn, it would
    last as long as thirty slices, and their outputs stay in memory for so long.

    Args:
        new_producer: for a transactional id.
        group_id: of the consumer group.
        publisher: knows the output topics.
    """

    rooms = 3
    turns = 6

    def __init__(self, new_producer: NewProducer, group_id: str, publisher: Publisher) -> None:
        self._new_producer = new_producer
        self._group_id = group_id
        self._publisher = publisher
        self._partitions: set[TP] = set()
        self._generation = 0
        self._lane: Lane | None = None

    async def take_over(self, partitions: Collection[TP], member: Membership) -> None:
        """Fence former owners of the partitions that were not ours all the time.

        Raises:
            KafkaError: the broker refuses a producer.
            TimeoutError: a producer did not start in time.
        """
        async with asyncio.timeout(_TAKE_OVER_S):
            if self._lane is not None:
                await self._lane.close()
                self._lane = None
            first = min(partitions, default=None)
            kept = self._kept(partitions, member.generation)
            await asyncio.gather(*(self._fence(tp, member) for tp in set(partitions) - kept - {first}))
            if first is not None:
                self._lane = Lane(self._group_id, await self._started(first, member), self._publisher)
            self._partitions, self._generation = set(partitions), member.generation

    async def deliver(self, work: Work) -> Awaitable[object]:
        """See Delivery."""
        if self._lane is None:
            raise RuntimeError(f"{work.partition} was not taken over")
        return self._lane.put(work)

    async def commit(self, offsets: Offsets, by_consumer: Commit) -> bool:  # noqa: ARG002 - of no use here
        """What is acked is committed: its offset was part of the transaction."""
        return True

    async def close(self) -> None:
        """See Delivery."""
        if self._lane is not None:
            await self._lane.close()

    def _kept(self, partitions: Collection[TP], generation: int) -> set[TP]:
        """With a generation in between that we were no part of, another may have owned what we own again."""
        is_next = generation - self._generation in {0, 1}
        return self._partitions & set(partitions) if is_next else set()

    async def _fence(self, partition: TP, member: Membership) -> None:
        await (await self._started(partition, member)).stop()

    async def _started(self, partition: TP, member: Membership) -> TransactionalProducer:
        name = f"{self._group_id}-{partition.topic}-{partition.partition}"
        producer = self._new_producer(name, member)
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return producer
