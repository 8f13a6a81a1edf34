"""Whether the worker lives and is ready: decisions from what it and the lag monitor tell."""

import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, NamedTuple

import structlog

from stream_app.lag import Lag, TopicPartition

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerIdentity:
    """What stays the same about a worker while it runs, for `/info`. Nothing secret."""

    version: str
    group: str
    input_topic: str
    result_topic: str
    dlq_topic: str
    guarantee: str
    started_at: datetime


class LoadedModel(NamedTuple):
    """The model in use."""

    version: str
    sha256: str


class Health:
    """Whether the worker lives and is ready, from what it and the lag monitor tell. Thread-safe.

    Args:
        identity: of the worker.
        clock: seconds that never run backwards.
        heartbeat_limit_s: a heartbeat older than this means that the event loop hangs; the making of this
            object counts as the first one.
        stall_limit_s: lag for longer than this, without any progress, means that the worker is stuck.
    """

    def __init__(
        self,
        identity: WorkerIdentity,
        clock: Callable[[], float] = time.monotonic,
        heartbeat_limit_s: float = 30.0,
        stall_limit_s: float = 60.0,
    ) -> None:
        self._identity = identity
        self._clock = clock
        self._heartbeat_limit_s = heartbeat_limit_s
        self._stall_limit_s = stall_limit_s
        self._lock = Lock()
        self._beat_at = clock()
        self._waiting_since: float | None = None
        self._model: LoadedModel | None = None
        self._partitions: frozenset[TopicPartition] | None = None
        self._paused: frozenset[TopicPartition] = frozenset()

    def beat(self) -> None:
        """The event loop turns. To be called about once a second."""
        self._beat_at = self._clock()

    def progress(self) -> None:
        """The broker took all outputs of a slice."""
        with self._lock:
            self._waiting_since = None

    def model_loaded(self, version: str, sha256: str) -> None:
        """This model is in use."""
        self._model = LoadedModel(version, sha256)

    def rebalancing(self) -> None:
        """The partitions are given back, and the group has not yet assigned others."""
        with self._lock:
            self._partitions = None
            self._waiting_since = None

    def assigned(self, partitions: Collection[TopicPartition]) -> None:
        """The group assigned these partitions, all of them; none makes the worker a standby."""
        with self._lock:
            self._partitions = frozenset(partitions)
            self._waiting_since = None

    def paused(self, partitions: Collection[TopicPartition]) -> None:
        """These of the worker's partitions are not fetched from: that they wait is no fault of the worker."""
        self._paused = frozenset(partitions)

    def lag(self, readings: Mapping[TopicPartition, Lag]) -> None:
        """The lag was read, so the broker is reachable."""
        with self._lock:
            owned = (self._partitions or frozenset()).intersection(readings) - self._paused
            if not any(readings[place].is_waiting for place in owned):
                self._waiting_since = None
            elif self._waiting_since is None:
                self._waiting_since = self._clock()

    def broker_unreachable(self) -> None:
        """The lag could not be read: that nothing moves is no fault of the worker."""
        with self._lock:
            self._waiting_since = None

    @property
    def partitions(self) -> frozenset[TopicPartition]:
        """The partitions that the worker owns."""
        return self._partitions or frozenset()

    def why_dead(self) -> list[str]:
        """What `/livez` fails for; empty when the worker lives."""
        now, waiting_since = self._clock(), self._waiting_since
        reasons = []
        if (age := now - self._beat_at) > self._heartbeat_limit_s:
            reasons.append(
                f"the event loop last turned {age:.0f} s ago, limit {self._heartbeat_limit_s:.0f} s"
            )
        if waiting_since is not None and (age := now - waiting_since) > self._stall_limit_s:
            reasons.append(
                f"records have waited for {age:.0f} s and none has moved, limit {self._stall_limit_s:.0f} s"
            )
        return reasons

    def why_not_ready(self) -> list[str]:
        """What `/readyz` fails for; empty when the worker is ready."""
        reasons = []
        if self._model is None:
            reasons.append("no model is loaded")
        if self._partitions is None:
            reasons.append("the consumer group has not assigned partitions")
        if self._paused:
            numbers = ", ".join(str(number) for _, number in sorted(self._paused))
            reasons.append(f"too many dead letters: partition {numbers} is paused, and probed by itself")
        return reasons

    def describe(self) -> dict[str, Any]:
        """What `/info` says."""
        identity, model = self._identity, self._model
        return {
            "version": identity.version,
            "model": model and model._asdict(),
            "group": identity.group,
            "topics": {
                "input": identity.input_topic,
                "results": identity.result_topic,
                "dead_letters": identity.dlq_topic,
            },
            "guarantee": identity.guarantee,
            "started_at": identity.started_at.isoformat(),
            "partitions": [
                {"topic": topic, "partition": number} for topic, number in sorted(self.partitions)
            ],
            "pid": os.getpid(),
        }
