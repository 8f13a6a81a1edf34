"""What aiokafka's many producers warn of again and again: kept back where it is no news.

aiokafka speaks the first transaction protocol. For a few milliseconds after a commit Kafka 4 refuses what a
producer sends next with NOT_ENOUGH_REPLICAS, although there are enough, and aiokafka warns of each. When
there are too few replicas indeed, the warning comes again and again: it passes when it has lasted a second.

While the broker is away consumer, coordinator and each producer with something to send try again, ten times a
second or more, and say so each time: a few of these lines a second are enough.
"""

import logging
import time
from typing import Final

from aiokafka.errors import NotEnoughReplicasError

from stream_app.logs import Sampler

_SENDER: Final = "aiokafka.producer.sender"
_TRY_AGAIN: Final = (
    "aiokafka",
    _SENDER,
    "aiokafka.consumer.fetcher",
    "aiokafka.consumer.group_coordinator",
)
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


class FewPerSecond(logging.Filter):
    """Lets the first few records of each second through.

    Args:
        sampler: which ones. Two threads at once may get one more through.
    """

    def __init__(self, sampler: Sampler) -> None:
        super().__init__()
        self._sampler = sampler

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - the signature of logging
        """Whether the record is to be logged."""
        return self._sampler.passes()


def expect_retries() -> None:
    """From now on, in the whole process."""
    logging.getLogger(_SENDER).addFilter(ExpectedRetries())
    for name in _TRY_AGAIN:
        logging.getLogger(name).addFilter(FewPerSecond(Sampler(time.monotonic, per_second=4)))
