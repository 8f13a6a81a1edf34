"""What is ours in aiokafka's producers."""

import asyncio
from contextlib import suppress

import pytest
from aiokafka.errors import GroupAuthorizationFailedError, KafkaConnectionError, KafkaError, NodeNotReadyError

from stream_app.kafka.producers import PatientProducer, TransactionalProducer


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
        producer = TransactionalProducer("g-in-0", bootstrap_servers="127.0.0.1:1")
        producer._coordinator_lookup = look_up
        with pytest.raises(told, match="1 g-in-0"):
            await producer.client.coordinator_lookup(1, "g-in-0")
        await producer.stop()

    asyncio.run(scenario())


def test_only_transactions_are_tried_again_at_once() -> None:
    async def scenario() -> None:
        producer = TransactionalProducer("g-in-0", bootstrap_servers="127.0.0.1:1")
        assert producer._sender._retry_backoff < producer.client._retry_backoff
        await producer.stop()

    asyncio.run(scenario())


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
