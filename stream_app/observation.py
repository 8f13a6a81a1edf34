"""What is told of the stream as it runs: to the metrics, to the health and, where it is rare, to the log."""

import time
from collections.abc import Collection, Iterable, Mapping

import numpy as np
import structlog
from faust.types import TP

from stream_app.core.messages import DeadLetter
from stream_app.core.pipeline import Outcome, Stage
from stream_app.core.scoring import Model
from stream_app.core.trace_context import trace_context
from stream_app.health import Health, Part
from stream_app.kafka.slices import Slice
from stream_app.logs import Sampler
from stream_app.metrics import Metrics

log = structlog.stdlib.get_logger(__name__)


class StageClock:
    """Seconds in each stage of a slice, summed over the parts in which it was classified."""

    def __init__(self) -> None:
        self.seconds: dict[Stage, float] = {}
        self._last = time.perf_counter()

    def ended(self, stage: Stage) -> None:
        """The stage ends now."""
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._last
        self._last = now


class Observation:
    """The events of one worker.

    Args:
        metrics: for the dashboard.
        health: for /livez and /readyz.
    """

    def __init__(self, metrics: Metrics, health: Health) -> None:
        self._metrics = metrics
        self._health = health
        self._dead_letter_log = Sampler(time.monotonic)

    def beat(self) -> None:
        """The event loop turns, about once a second."""
        self._health.beat()
        if suppressed := self._dead_letter_log.take_suppressed():
            log.warning("dead_letters_not_logged", suppressed=suppressed)

    def heard(self, part: Part) -> None:
        """A part beside the event loop gives a sign of life, about once a second."""
        self._health.beat(part)

    def classified(
        self, outcomes: Iterable[Outcome], stage_seconds: Mapping[Stage, float], model_version: str
    ) -> None:
        """A slice went through the core, in one part or several."""
        self._metrics.classified(outcomes, stage_seconds)
        for outcome in outcomes:
            for letter in outcome.dead_letters:
                if self._dead_letter_log.passes():
                    _log_dead_letter(letter, model_version)

    def in_flight(self, slices: int) -> None:
        """So many slices wait for the broker."""
        self._metrics.in_flight(slices)

    def published(self, done: Slice, sent_at: float) -> None:
        """The broker holds all outputs of a slice that was sent at `sent_at` (monotonic seconds)."""
        now, wall = time.monotonic(), time.time()
        created_s = np.array([record.timestamp for record in done.records if record.timestamp >= 0]) / 1000
        self._metrics.published(len(done.records), wall - created_s, now - done.fetched_at, now - sent_at)
        self._metrics.progress(wall)
        self._health.progress((done.records[0].topic, done.records[0].partition))

    def publish_failed(self, error: BaseException) -> None:
        """The broker refused an output."""
        self._metrics.publish_error(error)

    def committed(self, partition: TP, offset: int) -> None:
        """The group's offset in a partition is this one now."""
        self._metrics.commit("ok")
        self._metrics.committed(partition.topic, partition.partition, offset)

    def commit_failed(self) -> None:
        """A commit was refused; the next one covers the same records."""
        self._metrics.commit("failed")
        log.warning("commit_failed", then="tried again with the next commit")

    def assigned(self, partitions: set[TP]) -> None:
        """These are the worker's partitions now."""
        owned = [(tp.topic, tp.partition) for tp in partitions]
        self._metrics.rebalance()
        self._metrics.assigned(owned)
        self._health.assigned(owned)
        log.info("partitions_assigned", partitions=sorted(tp.partition for tp in partitions))

    def revoked(self, partitions: set[TP]) -> None:
        """The worker has no partitions until the group has shared them out anew."""
        self._metrics.assigned([])
        self._health.rebalancing()
        log.info("partitions_revoked", partitions=sorted(tp.partition for tp in partitions))

    def partition_paused(self, partition: TP, share: float, probe_in_s: float) -> None:
        """Too large a share of a partition was dead-lettered."""
        log.error(
            "partition_paused",
            topic=partition.topic,
            partition=partition.partition,
            dead_letter_share=round(share, 3),
            probe_in_s=probe_in_s,
        )

    def partition_probed(self, partition: TP) -> None:
        """A paused partition is fetched again; its next slice decides."""
        log.info("partition_probed", topic=partition.topic, partition=partition.partition)

    def partition_resumed(self, partition: TP) -> None:
        """The slice that decided was clean."""
        log.info("partition_resumed", topic=partition.topic, partition=partition.partition)

    def paused(self, partitions: Collection[TP]) -> None:
        """These are the paused partitions now, all of them."""
        self._metrics.paused(len(partitions))
        self._health.paused([(tp.topic, tp.partition) for tp in partitions])

    def offsets_lost(self, partition: TP, first: int, count: int) -> None:
        """Retention took records before they were read."""
        topic, number = partition.topic, partition.partition
        self._metrics.offset_gap(topic, number, count)
        log.error("offsets_lost_to_retention", topic=topic, partition=number, first=first, count=count)

    def model_loaded(self, model: Model) -> None:
        """This model is in use now."""
        self._metrics.model_loaded(model, time.time())
        self._health.model_loaded(model.version, model.sha256)
        log.info("model_loaded", version=model.version, sha256=model.sha256)

    def model_reloaded(self, model: Model) -> None:
        """A signal asked for the model anew, and it passed its checks."""
        self._metrics.model_reload("loaded")
        self.model_loaded(model)

    def model_refused(self, error: Exception, kept: Model) -> None:
        """A signal asked for the model anew, and it did not pass: the former one goes on."""
        self._metrics.model_reload("refused")
        log.error("model_refused", detail=str(error), kept=kept.version)


def _log_dead_letter(letter: DeadLetter, model_version: str) -> None:
    record, error = letter
    trace = trace_context(record.headers)
    log.warning(
        "dead_letter",
        reason=error.reason,
        detail=str(error),
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        model=model_version,
        trace_id=None if trace is None else trace.trace_id,
    )
