"""aiokafka's producers, patient while a broker is away; in transactions quick, and not ended by a restart."""

import asyncio
import time
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    ConcurrentTransactions,
    KafkaConnectionError,
    KafkaError,
    NodeNotReadyError,
    UnknownTopicOrPartitionError,
)
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.protocol.transaction import AddPartitionsToTxnRequest, TxnOffsetCommitRequest
from aiokafka.structs import TopicPartition

from stream_app.kafka.requests import MemberOffsetCommit, Membership, offsets_taken

# For some milliseconds a broker still ends a producer's last transaction and refuses the next.
# The public option `retry_backoff_ms` would also connect to a broker that is away 200 times a second.
_RETRY_S: Final = 0.005
_TIMEOUT_MS: Final = 120_000  # longer than a request is tried: an outage alone fences no producer
_METADATA_PAUSE_S: Final = 0.1

WaitingBatch = tuple[BatchBuilder, asyncio.Future[Any]]
"""A batch, and what is done when the broker has it."""


class PatientProducer(AIOKafkaProducer):  # type: ignore[misc] # aiokafka has no types
    """A producer that asks for metadata ten times a second at most.

    Stock aiokafka asks a thousand times a second as long as records wait for a partition without a leader.
    """

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - aiokafka's
        super().__init__(**settings)
        self._asked_at = float("-inf")
        self._ask_for_metadata = self.client._metadata_update  # noqa: SLF001 - aiokafka has no public way
        self.client._metadata_update = self._ask_in_time  # noqa: SLF001 - see above

    async def _ask_in_time(self, cluster: object, topics: object) -> object:
        await asyncio.sleep(max(self._asked_at + _METADATA_PAUSE_S - time.monotonic(), 0))
        self._asked_at = time.monotonic()
        return await self._ask_for_metadata(cluster, topics)

    def waiting_batch(self, topic: str, partition: int) -> WaitingBatch | None:
        """The last batch of a partition that is not on its way yet; open for more until the next `await`.

        Returns:
            None when none waits.
        """
        waiting = self._message_accumulator._batches.get(TopicPartition(topic, partition))  # noqa: SLF001 - no public way
        return (waiting[-1]._builder, asyncio.shield(waiting[-1].future)) if waiting else None  # noqa: SLF001 - see above


class TransactionalProducer(PatientProducer):
    """A producer whose transactions commit offsets as a member of a consumer group.

    Args:
        transactional_id: whoever starts a producer with the same id next fences this one.
        member: as whom it commits offsets; who is a member no more is fenced, too.
        settings: of aiokafka's producer.
    """

    def __init__(self, transactional_id: str, member: Membership, **settings: Any) -> None:  # noqa: ANN401 - aiokafka's
        super().__init__(**settings, transactional_id=transactional_id, transaction_timeout_ms=_TIMEOUT_MS)
        self._coordinator_lookup = self.client.coordinator_lookup
        self.client.coordinator_lookup = self._look_up_coordinator
        self._sender._retry_backoff = _RETRY_S  # noqa: SLF001 - see there
        self._member = member
        self._send = self.client.send
        self.client.send = self._send_as_member

    def waiting_batch(self, topic: str, partition: int) -> WaitingBatch | None:  # noqa: ARG002 - as its base
        """None: what is added now belongs to the next transaction."""
        return None

    async def _send_as_member(self, node_id: int, request: object, **options: Any) -> object:  # noqa: ANN401 - aiokafka's
        if isinstance(request, TxnOffsetCommitRequest):
            request = MemberOffsetCommit(request, self._member)
            return offsets_taken(await self._send(node_id, request, **options))
        answer = await self._send(node_id, request, **options)
        if isinstance(request, AddPartitionsToTxnRequest):
            while _has(ConcurrentTransactions, answer):  # aiokafka has a pause of its own for it, of 20 ms
                await asyncio.sleep(_RETRY_S)
                answer = await self._send(node_id, request, **options)
            if _has(UnknownTopicOrPartitionError, answer):  # it is tried again: find out what there is now
                self.client.force_metadata_update()
                await asyncio.sleep(_METADATA_PAUSE_S)
        return answer

    async def _look_up_coordinator(self, kind: object, key: str) -> object:
        """Stock aiokafka gives up for good when the connection breaks while it asks: here it asks again.

        Raises:
            NodeNotReadyError: the connection broke; what aiokafka tries again after.
            KafkaError: otherwise, whatever aiokafka raises.
        """
        try:
            return await self._coordinator_lookup(kind, key)
        except KafkaConnectionError as error:
            raise NodeNotReadyError(str(error)) from error


def _has(error: type[KafkaError], answer: Any) -> bool:  # noqa: ANN401 - aiokafka's
    return any(code == error.errno for _, partitions in answer.errors for _, code in partitions)
