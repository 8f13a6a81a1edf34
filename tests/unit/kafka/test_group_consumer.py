"""What is ours in aiokafka's consumer."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    GroupLoadInProgressError,
    KafkaError,
    NotCoordinatorForGroupError,
)
from aiokafka.protocol.commit import OffsetFetchRequest
from aiokafka.protocol.coordination import FindCoordinatorRequest

from stream_app.kafka.group_consumer import GroupConsumer

_OFFSETS = OffsetFetchRequest("g", [("in", [0])])


def _ask(request: object, error_code: int) -> object:
    async def answer(node_id: int, request: object, **options: object) -> object:
        return SimpleNamespace(asked=(node_id, request, options), error_code=error_code, topics=[])

    async def scenario() -> object:
        consumer = GroupConsumer(bootstrap_servers="127.0.0.1:1")
        consumer._send = answer
        try:
            return await consumer._client.send(1, request, group=2)
        finally:
            await consumer.stop()

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("code", "error", "is_asked_again"),
    [
        (14, GroupLoadInProgressError, True),
        (16, NotCoordinatorForGroupError, True),
        (30, GroupAuthorizationFailedError, False),
    ],
)
def test_a_refusal_is_not_taken_for_nothing_committed(
    code: int, error: type[KafkaError], is_asked_again: bool
) -> None:
    with pytest.raises(error) as raised:
        _ask(_OFFSETS, code)
    assert raised.value.retriable is is_asked_again


@pytest.mark.parametrize(("request_", "code"), [(_OFFSETS, 0), (FindCoordinatorRequest("g", 0), 14)])
def test_any_other_answer_is_passed_on(request_: object, code: int) -> None:
    answer = _ask(request_, code)
    assert isinstance(answer, SimpleNamespace)
    assert answer.asked == (1, request_, {"group": 2})
