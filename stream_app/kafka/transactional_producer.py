"""aiokafka's transactional producer, quicker between transactions and not ended by a broker's restart."""

from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError

# A broker that still completes a producer's last transaction refuses the next one for a few milliseconds.
# The public option `retry_backoff_ms` would also connect to a broker that is away a hundred times a second.
_RETRY_S: Final = 0.01
_TIMEOUT_MS: Final = 60_000


class TransactionalProducer(AIOKafkaProducer):  # type: ignore[misc] # aiokafka has no types
    """A producer for the transactions of one input partition.

    Args:
        transactional_id: whoever starts a producer with the same id next fences this one.
        settings: of aiokafka's producer.
    """

    def __init__(self, transactional_id: str, **settings: Any) -> None:  # noqa: ANN401 - aiokafka's
        super().__init__(**settings, transactional_id=transactional_id, transaction_timeout_ms=_TIMEOUT_MS)
        self._sender._retry_backoff = _RETRY_S  # noqa: SLF001 - see there
        self._coordinator_lookup = self.client.coordinator_lookup
        self.client.coordinator_lookup = self._look_up_coordinator

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
