"""The live stream of results: one reader of the topic, and for each client a short queue of the newest."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import structlog

from stream_app.core.messages import Record
from stream_app.kafka.connection import KafkaRequestError

log = structlog.stdlib.get_logger(__name__)

MAX_CLIENTS: Final = 8
MAX_WAITING: Final = 10
RETRY_S: Final = 2.0
_LET_GO_WITHIN_S: Final = 2.0

Follow = Callable[[Callable[[], bool]], Iterator[Record]]
"""Follows the results topic until what it is given says True."""


class TooManyClientsError(Exception):
    """As many clients listen as may."""


class Taken(NamedTuple):
    """What a client gets at a time.

    Attributes:
        values: of records, oldest first.
        skipped: how many came between this and the last time and are not among them.
        connected: whether Kafka answers.
    """

    values: list[bytes]
    skipped: int
    connected: bool


class Subscription:
    """The newest values for one client; what it is too slow for is counted and dropped."""

    def __init__(self) -> None:
        self._values: deque[bytes] = deque(maxlen=MAX_WAITING)
        self._skipped = 0

    def put(self, value: bytes) -> None:
        """To be called with the condition held."""
        self._skipped += len(self._values) == MAX_WAITING
        self._values.append(value)

    def take(self) -> tuple[list[bytes], int]:
        """The values and how many were dropped; to be called with the condition held."""
        values, skipped = list(self._values), self._skipped
        self._values.clear()
        self._skipped = 0
        return values, skipped

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to take."""
        return not self._values


class LiveResults:
    """Reads the results topic while somebody listens, from a thread of its own.

    Args:
        follow: how to read it from now on.
    """

    def __init__(self, follow: Follow) -> None:
        self._follow = follow
        self._changed = threading.Condition()
        self._clients: set[Subscription] = set()
        self._connected = False
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live-results", daemon=True)
        self._thread.start()

    def subscribe(self) -> Subscription:
        """What comes from now on, for one more client.

        Raises:
            TooManyClientsError: there are MAX_CLIENTS, or the server stops.
        """
        with self._changed:
            if self._closed.is_set() or len(self._clients) >= MAX_CLIENTS:
                raise TooManyClientsError(
                    f"{len(self._clients)} clients listen, expected at most {MAX_CLIENTS}"
                )
            subscription = Subscription()
            self._clients.add(subscription)
            self._changed.notify_all()
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """This client has gone."""
        with self._changed:
            self._clients.discard(subscription)

    def take(self, subscription: Subscription, timeout_s: float) -> Taken:
        """What has come for a client, after waiting for the first for so long at most."""
        with self._changed:
            self._changed.wait_for(lambda: not subscription.is_empty or self.is_closed, timeout_s)
            return Taken(*subscription.take(), self._connected)

    def pause(self, seconds: float) -> None:
        """Let results gather for a moment; it ends early when the server stops."""
        self._closed.wait(seconds)

    @property
    def is_closed(self) -> bool:
        """Whether the server stops."""
        return self._closed.is_set()

    def close(self) -> None:
        """End all subscriptions, and tell the reader to end."""
        with self._changed:
            self._closed.set()
            self._changed.notify_all()

    def join(self) -> None:
        """Wait for the reader to let go of Kafka; not for a request that no broker answers."""
        self._thread.join(_LET_GO_WITHIN_S)

    def _run(self) -> None:
        while self._wait_for_clients():
            try:
                self._read()
            except KafkaRequestError as error:
                log.warning("live_results_unavailable", detail=str(error), again_in_s=RETRY_S)
                self._connected = False
                self._closed.wait(RETRY_S)

    def _wait_for_clients(self) -> bool:
        """False when the server stops instead."""
        with self._changed:
            self._changed.wait_for(lambda: self._clients or self.is_closed)
        return not self.is_closed

    def _read(self) -> None:
        records = self._follow(self._is_unwanted)
        self._connected = True
        for record in records:
            if record.value is not None:
                self._put(record.value)

    def _is_unwanted(self) -> bool:
        return self.is_closed or not self._clients

    def _put(self, value: bytes) -> None:
        with self._changed:
            for client in self._clients:
                client.put(value)
            self._changed.notify_all()
