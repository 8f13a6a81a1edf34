"""What is ours in aiokafka's producers."""

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    InvalidProducerEpoch,
    KafkaConnectionError,
    KafkaError,
    NodeNotReadyError,
)
from aiokafka.protocol.transaction import AddPartitionsToTxnRequest, EndTxnRequest, TxnOffsetCommitRequest
from aiokafka.structs import TopicPartition

from stream_app.kafka.producers import PatientProducer, TransactionalProducer
from stream_app.kafka.requests import MemberOffsetCommit, Membership

MEMBER = Membership("m", 4)


def transactional() -> TransactionalProducer:
    return TransactionalProducer("g-in-0", MEMBER, bootstrap_servers="127.0.0.1:1")


@pytest.mark.parametrize(
    ("met", "told"),
    [
        (KafkaConnectionError, NodeNotReadyError),
        (GroupAuthorizationFailedError, GroupAuthorizationFailedError),
    ],
)
def test_a_connection_that_breaks_is_tried_again_and_a_refusal_is_not(
    met: type[KafkaError], told: type[KafkaError]
) -> None:
    async def look_up(kind: object, key: str) -> object:
        raise met(f"{kind} {key}")

    async def scenario() -> None:
        producer = transactional()
        producer._coordinator_lookup = look_up
        with pytest.raises(told, match="1 g-in-0"):
            await producer.client.coordinator_lookup(1, "g-in-0")
        await producer.stop()

    asyncio.run(scenario())


def test_only_transactions_are_tried_again_at_once() -> None:
    async def scenario() -> None:
        producer = transactional()
        assert producer._sender._retry_backoff < producer.client._retry_backoff
        await producer.stop()

    asyncio.run(scenario())


def test_partitions_are_added_as_soon_as_the_last_transaction_has_ended() -> None:
    codes = iter([51, 51, 0])

    async def send(_node: int, _request: object, **_: object) -> object:
        return SimpleNamespace(errors=[("out", [(0, next(codes))])])

    async def scenario() -> Any:  # noqa: ANN401 - as aiokafka answers
        producer = transactional()
        producer._send = send
        answer = await producer.client.send(1, AddPartitionsToTxnRequest("g-in-0", 7, 0, []), group=2)
        await producer.stop()
        return answer

    assert asyncio.run(scenario()).errors == [("out", [(0, 0)])]
    assert not list(codes)


def test_for_a_partition_that_is_unknown_metadata_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_app.kafka.producers._METADATA_PAUSE_S", 0)
    asked = []

    async def send(_node: int, _request: object, **_: object) -> object:
        return SimpleNamespace(errors=[("out", [(0, 0), (1, 3)])])

    async def scenario() -> Any:  # noqa: ANN401 - as aiokafka answers
        producer = transactional()
        producer._send = send
        producer.client.force_metadata_update = lambda: asked.append("metadata")
        answer = await producer.client.send(1, AddPartitionsToTxnRequest("g-in-0", 7, 0, []), group=2)
        await producer.stop()
        return answer

    assert asyncio.run(scenario()).errors == [("out", [(0, 0), (1, 3)])]
    assert asked == ["metadata"]


def test_offsets_are_committed_as_a_member_and_other_requests_go_as_they_are() -> None:
    sent: list[object] = []

    async def send(_node: int, request: object, **_: object) -> object:
        sent.append(request)
        return SimpleNamespace(throttle_time_ms=0, topics=[("in", [(0, 22, {})], {})])

    async def scenario() -> tuple[Any, Any]:
        producer = transactional()
        producer._send = send
        refused = await producer.client.send(1, TxnOffsetCommitRequest("g-in-0", "g", 7, 0, []), group=2)
        other = await producer.client.send(1, EndTxnRequest("g-in-0", 7, 0, True), group=2)
        await producer.stop()
        return refused, other

    refused, other = asyncio.run(scenario())
    assert refused.errors == [("in", [(0, InvalidProducerEpoch.errno)])]
    assert other.topics
    commit, end = sent
    assert isinstance(commit, MemberOffsetCommit)
    assert commit.prepare({28: (0, 5)}).member_id == "m"
    assert isinstance(end, EndTxnRequest)


def test_metadata_is_asked_for_a_few_times_a_second() -> None:
    async def scenario() -> int:
        producer = PatientProducer(bootstrap_servers="127.0.0.1:1")
        asked = []

        async def metadata(_cluster: object, topics: object) -> bool:
            asked.append(topics)
            return False

        async def ask_again_and_again() -> None:
            while True:
                assert await producer.client._metadata_update(producer.client.cluster, {"t"}) is False

        producer._ask_for_metadata = metadata
        with suppress(TimeoutError):
            await asyncio.wait_for(ask_again_and_again(), 0.35)
        await producer.stop()
        return len(asked)

    assert 1 <= asyncio.run(scenario()) <= 5


def test_a_batch_is_open_for_more_until_the_sender_takes_it() -> None:
    async def scenario() -> None:
        producer = PatientProducer(bootstrap_servers="127.0.0.1:1")
        accumulator, partition = producer._message_accumulator, TopicPartition("out", 3)
        assert producer.waiting_batch("out", 3) is None
        await accumulator.add_batch(batch := producer.create_batch(), partition, timeout=1)
        assert producer.waiting_batch("out", 4) is None
        assert (waiting := producer.waiting_batch("out", 3)) is not None
        assert waiting[0] is batch
        accumulator._pop_batch(partition).done(base_offset=7)
        assert (await waiting[1]).offset == 7
        assert producer.waiting_batch("out", 3) is None
        await producer.stop()

    asyncio.run(scenario())


def test_what_is_added_while_a_transaction_waits_is_for_the_next() -> None:
    async def scenario() -> None:
        producer = transactional()
        producer._txn_manager.set_pid_and_epoch(1, 0)
        producer._txn_manager.begin_transaction()
        partition = TopicPartition("out", 3)
        await producer._message_accumulator.add_batch(producer.create_batch(), partition, timeout=1)
        assert producer.waiting_batch("out", 3) is None
        await producer.stop()

    asyncio.run(scenario())
