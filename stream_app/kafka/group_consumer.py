"""aiokafka's consumer, which does not take an error for "nothing is committed"."""

from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import for_code
from aiokafka.protocol.commit import OffsetFetchRequest


class GroupConsumer(AIOKafkaConsumer):  # type: ignore[misc] # aiokafka has no types
    """A member of a consumer group that reads committed offsets, or waits until they can be read.

    A coordinator that has just started and still loads them refuses the whole OffsetFetch: its answer has an
    error and no topics. Stock aiokafka looks for errors inside the topics, finds nothing, and begins with
    the first record of the log. Here it asks again.
    """

    def __init__(self, *topics: str, **settings: Any) -> None:  # noqa: ANN401 - aiokafka's
        super().__init__(*topics, **settings)
        self._send = self._client.send
        self._client.send = self._send_and_check

    async def _send_and_check(self, node_id: int, request: object, **options: Any) -> object:  # noqa: ANN401 - aiokafka's
        """Send a request; its answer.

        Raises:
            KafkaError: the connection failed, or an OffsetFetch was refused.
        """
        answer = await self._send(node_id, request, **options)
        if isinstance(request, OffsetFetchRequest) and answer.error_code:
            raise for_code(answer.error_code)
        return answer
