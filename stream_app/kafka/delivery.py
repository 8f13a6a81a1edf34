"""How outputs and offsets reach the broker: all that differs between the two processing guarantees."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import NamedTuple, Protocol

from faust.types import TP

from stream_app.kafka.producers import PatientProducer
from stream_app.kafka.publish import Batches, Outputs, Publisher
from stream_app.kafka.requests import Membership

Offsets = Mapping[TP, int]
Commit = Callable[[Offsets], Awaitable[bool]]
"""The consumer's own way to commit offsets; whether it did."""


class Work(NamedTuple):
    """A slice that was classified.

    Attributes:
        partition: of the input.
        end_offset: behind its last record; what the group commits when the slice is done.
        outputs: of its records.
    """

    partition: TP
    end_offset: int
    outputs: Outputs


class Delivery(Protocol):
    """The way of a worker's outputs and offsets to the broker.

    Attributes:
        rooms: how many times `STREAM_MAX_IN_FLIGHT` slices may wait for the broker.
        turns: how often the event loop is to turn after each slice (`turn_loop`).
    """

    rooms: int
    turns: int

    async def take_over(self, partitions: Collection[TP], member: Membership) -> None:
        """These are the worker's partitions now, and their committed offsets are about to be read.

        Args:
            partitions: all of them.
            member: to whom they were assigned.
        """

    async def deliver(self, work: Work) -> Awaitable[object]:
        """Enqueue the outputs of a slice, in order.

        Returns:
            Done when the slice may be acked: the broker has its outputs. It raises what the broker refused.
        """

    async def commit(self, offsets: Offsets, by_consumer: Commit) -> bool:
        """See to it that the offsets of acked slices are committed. Whether they are."""

    async def close(self) -> None:
        """Let go of the connections. Nothing is in work any more."""


class AtLeastOnce:
    """One producer for all, and offsets committed by the consumer when the broker has the outputs.

    Args:
        producer: gives the producer; it has started by the time of the first slice.
        publisher: knows the topics.
    """

    rooms = 1
    turns = 0

    def __init__(self, producer: Callable[[], PatientProducer], publisher: Publisher) -> None:
        self._producer = producer
        self._publisher = publisher

    async def take_over(self, partitions: Collection[TP], member: Membership) -> None:
        """A former owner may still produce: what it has in work comes twice."""

    async def deliver(self, work: Work) -> Awaitable[object]:
        """See Delivery."""
        producer = self._producer()
        self._publisher.check(producer)
        self._publisher.pack(work.outputs, batches := Batches(producer))
        return asyncio.gather(*await batches.send())

    async def commit(self, offsets: Offsets, by_consumer: Commit) -> bool:
        """See Delivery."""
        return await by_consumer(offsets)

    async def close(self) -> None:
        """The producer is Faust's, and ends with it."""


async def turn_loop(times: int) -> None:
    """Let the event loop turn: whatever is ready takes a step in each turn."""
    for _ in range(times):
        await asyncio.sleep(0)
