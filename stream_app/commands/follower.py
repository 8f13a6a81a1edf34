"""Records of a topic as they come, into a queue."""

import queue
import threading
from collections.abc import Mapping
from typing import Final

from stream_app.kafka.connection import Connection
from stream_app.kafka.reader import RawRecord, follow

PATIENCE_S: Final = 30.0
"""How long a demo waits for what should come."""


class Follower:
    """Passes on what comes into a topic, from a thread of its own.

    Args:
        connection: where Kafka is.
        topic: its name.
        start: an offset by partition.
        seen: where the records go.
    """

    def __init__(
        self,
        connection: Connection,
        topic: str,
        start: Mapping[int, int],
        seen: queue.SimpleQueue[RawRecord],
    ) -> None:
        self._connection = connection
        self._topic = topic
        self._start = start
        self._seen = seen
        self._polls = 0
        self._polling = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=topic, daemon=True)

    def start(self) -> None:
        """Begin, and return when it has looked once: latencies before that would be its own."""
        self._thread.start()
        self._polling.wait(PATIENCE_S)

    def end(self) -> None:
        """Stop looking."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        for record in follow(self._connection, self._topic, self._start, stop=self._looked):
            self._seen.put(record)

    def _looked(self) -> bool:
        self._polls += 1
        if self._polls > 1:
            self._polling.set()
        return self._ended.is_set()
