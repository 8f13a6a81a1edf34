"""Retries that every other transaction meets are no news, unless they last.

aiokafka speaks the first transaction protocol. For a few milliseconds after a commit Kafka 4 refuses what a
producer sends next with NOT_ENOUGH_REPLICAS, although there are enough, and aiokafka warns of each. When
there are too few replicas indeed, the warning comes again and again: it passes when it has lasted a second.
"""

import logging
from typing import Final

from aiokafka.errors import NotEnoughReplicasError

_LOGGER: Final = "aiokafka.producer.sender"
_LASTS_S: Final = 1.0


class ExpectedRetries(logging.Filter):
    """Keeps the warnings back, for each output partition until they have lasted."""

    def __init__(self) -> None:
        super().__init__()
        self._began: dict[object, float] = {}
        self._last: dict[object, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be logged."""
        match record.args:
            case (partition, error) if error is NotEnoughReplicasError:
                return self._lasts(partition, record.created)
        return True

    def _lasts(self, partition: object, now: float) -> bool:
        if now - self._last.get(partition, float("-inf")) > _LASTS_S:
            self._began[partition] = now
        self._last[partition] = now
        return now - self._began[partition] >= _LASTS_S


def expect_retries() -> None:
    """From now on, in the whole process."""
    logging.getLogger(_LOGGER).addFilter(ExpectedRetries())
