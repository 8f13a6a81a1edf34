"""Reads the lag again and again, for the metrics and for `/livez`."""

from collections.abc import Callable, Mapping
from threading import Event, Thread
from typing import Self

import structlog

from stream_app.health import Health
from stream_app.lag import Lag, TopicPartition
from stream_app.metrics import Metrics

log = structlog.stdlib.get_logger(__name__)


class LagMonitor:
    """Reads the lag again and again in a thread of its own, for the metrics and for `/livez`.

    The consumer's own view of the lag freezes just when it matters.

    Args:
        read_lag: the lag of the worker's partitions, from a client of its own. It raises when the broker
            cannot be reached, and has to return or raise well within the stall limit of `health`.
        metrics: exports what was read.
        health: decides by it.
        interval_s: seconds from the end of one reading to the next.
    """

    def __init__(
        self,
        read_lag: Callable[[], Mapping[TopicPartition, Lag]],
        metrics: Metrics,
        health: Health,
        interval_s: float = 5.0,
    ) -> None:
        self._read_lag = read_lag
        self._metrics = metrics
        self._health = health
        self._interval_s = interval_s
        self._failing = False
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="lag", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop reading. A reading under way is given as long as the interval to end."""
        self._stopping.set()
        self._thread.join(self._interval_s)

    def poll(self) -> None:
        """One reading. Whatever it raises is logged when it begins to fail, not each time."""
        try:
            readings = self._read_lag()
        except Exception as error:  # noqa: BLE001 - the monitor outlives every failure of the client
            self._health.broker_unreachable()
            if not self._failing:
                log.warning("lag_unreadable", detail=f"{type(error).__name__}: {error}")
            self._failing = True
            return
        self._metrics.lag(readings)
        self._health.lag(readings)
        if self._failing:
            log.info("lag_readable_again")
        self._failing = False

    def _run(self) -> None:
        self.poll()
        while not self._stopping.wait(self._interval_s):
            self.poll()
