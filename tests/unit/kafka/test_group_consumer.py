"""What is ours in aiokafka's consumer."""

import asyncio
from types import SimpleNamespace
from typing import Any

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


def _ask(request: object, error_code: int, offset_error: int = 0) -> Any:  # noqa: ANN401 - as aiokafka answers
    topics: list[Any] = [("in", [(0, 41, -1, "", offset_error, {})], {})]

    async def answer(node_id: int, request: object, **options: object) -> object:
        asked = (node_id, request, options)
        return SimpleNamespace(asked=asked, throttle_time_ms=0, topics=topics, error_code=error_code)

    async def scenario() -> Any:  # noqa: ANN401 - see above
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


def test_an_offset_that_a_transaction_is_about_to_change_is_asked_for_again() -> None:
    with pytest.raises(GroupLoadInProgressError):
        _ask(_OFFSETS, 0, offset_error=88)


def test_offsets_are_told_as_aiokafka_reads_them() -> None:
    assert _ask(_OFFSETS, 0).topics == [("in", [(0, 41, "", 0)])]


def test_any_other_answer_is_passed_on() -> None:
    request = FindCoordinatorRequest("g", 0)
    assert _ask(request, 14).asked == (1, request, {"group": 2})
