"""Whether the worker lives and is ready: decisions from what it and the lag monitor tell."""

import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, Final, Literal, NamedTuple

from stream_app.lag import Lag, TopicPartition

Part = Literal["event loop", "consumer's thread", "thread pool"]


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


class LivenessLimits(NamedTuple):
    """How long a worker may be silent before it counts as dead.

    Attributes:
        heartbeat_s: seconds since the last heartbeat of a part; more means that the part hangs.
        stall_s: seconds for which records of a partition wait and none of them is done; more means that the
            partition is stuck. To be well above what one reading of the lag takes.
    """

    heartbeat_s: float
    stall_s: float


LIVENESS_LIMITS: Final = LivenessLimits(heartbeat_s=30.0, stall_s=60.0)


class Health:
    """Whether the worker lives and is ready, from what it and the lag monitor tell. Thread-safe.

    Args:
        identity: of the worker.
        clock: seconds that never run backwards.
        limits: when silence means death. The making of this object counts as the first heartbeat of the
            event loop; the other parts count from their first one.
    """

    def __init__(
        self,
        identity: WorkerIdentity,
        clock: Callable[[], float] = time.monotonic,
        limits: LivenessLimits = LIVENESS_LIMITS,
    ) -> None:
        self._identity = identity
        self._clock = clock
        self._limits = limits
        self._lock = Lock()
        self._beats: dict[Part, float] = {"event loop": clock()}
        self._waiting_since: dict[TopicPartition, float] = {}
        self._model: LoadedModel | None = None
        self._partitions: frozenset[TopicPartition] | None = None
        self._paused: frozenset[TopicPartition] = frozenset()

    def beat(self, part: Part = "event loop") -> None:
        """This part of the worker lives. To be called about once a second."""
        with self._lock:
            self._beats[part] = self._clock()

    def progress(self, partition: TopicPartition) -> None:
        """The broker took all outputs of a slice of the partition."""
        with self._lock:
            self._waiting_since.pop(partition, None)

    def model_loaded(self, version: str, sha256: str) -> None:
        """This model is in use."""
        self._model = LoadedModel(version, sha256)

    def rebalancing(self) -> None:
        """The partitions are given back, and the group has not yet assigned others."""
        with self._lock:
            self._partitions = None
            self._waiting_since = {}

    def assigned(self, partitions: Collection[TopicPartition]) -> None:
        """The group assigned these partitions, all of them; none makes the worker a standby."""
        with self._lock:
            self._partitions = frozenset(partitions)
            self._waiting_since = {}

    def paused(self, partitions: Collection[TopicPartition]) -> None:
        """These of the worker's partitions are not fetched from: that they wait is no fault of the worker."""
        self._paused = frozenset(partitions)

    def lag(self, readings: Mapping[TopicPartition, Lag]) -> None:
        """The lag was read, so the broker is reachable."""
        with self._lock:
            owned = (self._partitions or frozenset()).intersection(readings) - self._paused
            now, waiting = self._clock(), (place for place in owned if readings[place].is_waiting)
            self._waiting_since = {place: self._waiting_since.get(place, now) for place in waiting}

    def broker_unreachable(self) -> None:
        """The lag could not be read: that nothing moves is no fault of the worker."""
        with self._lock:
            self._waiting_since = {}

    @property
    def partitions(self) -> frozenset[TopicPartition]:
        """The partitions that the worker owns."""
        return self._partitions or frozenset()

    def why_dead(self) -> list[str]:
        """What `/livez` fails for; empty when the worker lives."""
        with self._lock:
            now, beats, waiting_since = self._clock(), dict(self._beats), dict(self._waiting_since)
        limit_s = self._limits.heartbeat_s
        reasons = [
            f"the {part} last turned {now - beat_at:.0f} s ago, limit {limit_s:.0f} s"
            for part, beat_at in beats.items()
            if now - beat_at > limit_s
        ]
        if stuck := self._stuck(now, waiting_since):
            reasons.append(stuck)
        return reasons

    def _stuck(self, now: float, waiting_since: Mapping[TopicPartition, float]) -> str:
        """Which partitions are stuck, in words; nothing when none is."""
        limit_s = self._limits.stall_s
        ages = {number: now - since for (_, number), since in waiting_since.items() if now - since > limit_s}
        if not ages:
            return ""
        numbers = ", ".join(map(str, sorted(ages)))
        return (
            f"records have waited for {max(ages.values()):.0f} s and none has moved in partition {numbers}, "
            f"limit {limit_s:.0f} s"
        )

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
