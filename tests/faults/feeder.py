"""Feeds known inputs in the background, through whatever happens to the broker."""

import threading
import time
from collections.abc import Iterable
from itertools import count
from typing import Final

from confluent_kafka import KafkaError, Message, Producer

from stream_app.kafka.connection import Connection
from tests.stream import FeedRecord

_DELIVERED_WITHIN_S: Final = 600
_SETTINGS: Final = {
    "enable.idempotence": True,
    "linger.ms": 5,
    "message.timeout.ms": _DELIVERED_WITHIN_S * 1000,
    "reconnect.backoff.max.ms": 500,
    "queue.buffering.max.messages": 1_000_000,
}


class Feeder:
    """A thread that produces records in order, each once, until they end or `stop` is called.

    Args:
        connection: where Kafka is.
        topic: the input topic.
        records: what to feed.
        per_s: at this rate.
    """

    def __init__(
        self, connection: Connection, topic: str, records: Iterable[FeedRecord], per_s: float
    ) -> None:
        self.fed = 0
        self._producer = Producer(connection.confluent_config("test") | _SETTINGS)
        self._topic, self._records, self._per_s = topic, records, per_s
        self._refused: list[KafkaError] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._feed, name="feeder", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Feed no more."""
        self._stop.set()

    def join(self) -> int:
        """How many were fed, all of them held by the broker.

        Raises:
            RuntimeError: the broker refused one, or did not take them in time: the run says nothing.
        """
        self._thread.join()
        waiting = self._producer.flush(_DELIVERED_WITHIN_S)
        if waiting or self._refused:
            raise RuntimeError(f"inputs were not taken: {waiting} wait, refused: {self._refused[:3]}")
        return self.fed

    def _feed(self) -> None:
        begun = time.monotonic()
        for number, (key, value) in zip(count(), self._records, strict=False):
            self._producer.poll(0)
            if self._stop.wait(max(begun + number / self._per_s - time.monotonic(), 0)):
                return
            self._producer.produce(self._topic, value, key=key, on_delivery=self._delivered)
            self.fed += 1

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._refused.append(error)
