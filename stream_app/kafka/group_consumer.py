"""aiokafka's consumer, which takes no committed offset for true that is not."""

from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.protocol.commit import OffsetFetchRequest

from stream_app.kafka.requests import StableOffsetFetch, stable_offsets


class GroupConsumer(AIOKafkaConsumer):  # type: ignore[misc] # aiokafka has no types
    """A member of a consumer group that reads committed offsets, or waits until they can be read.

    Stock aiokafka looks for errors only inside the topics of the answer. A coordinator that has just started
    refuses an OffsetFetch as a whole: stock aiokafka takes that for "nothing is committed". And it takes an
    offset that another member's open transaction is about to change. Here it asks again.
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
        if not isinstance(request, OffsetFetchRequest):
            return await self._send(node_id, request, **options)
        return stable_offsets(await self._send(node_id, StableOffsetFetch(request), **options))
