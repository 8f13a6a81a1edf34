"""Every metric, in one table, on a registry that is passed in.

Methods are named by the event that they record. The two of the hot path, `classified` and `published`, are
called once per slice: counters rise by its totals, and histograms take all its values at once.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
)

from stream_app.core.errors import REASONS
from stream_app.core.messages import DeadLetter, Label
from stream_app.core.pipeline import Outcome, Stage, Tally
from stream_app.core.scoring import Model
from stream_app.drift import DriftWindow
from stream_app.histograms import BulkHistogram, Row
from stream_app.lag import Lag, TopicPartition

PREFIX = "stream_app_"
LABELS = get_args(Label)
STAGES = (*get_args(Stage), "publish")

_LATENCY = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 5, 10, 30, 60)
_STAGE = (1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1)
_BATCH = tuple(2**power for power in range(10))
_SENTENCES = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100)
_SCORE = tuple(step / 20 for step in range(21))


HISTOGRAMS = {
    "review_latency_seconds": Row(
        "From a record's timestamp to its result held by the broker; what a user waits, backlog included.",
        buckets=_LATENCY,
    ),
    "processing_seconds": Row(
        "From a record fetched to its result held by the broker; the worker's own part of the latency.",
        buckets=_LATENCY,
    ),
    "stage_seconds": Row(
        "Time per slice in each stage; publish is the wait for the broker.", ("stage",), STAGES, _STAGE
    ),
    "batch_reviews": Row("Records per slice: 1 when idle, the largest batch under load.", buckets=_BATCH),
    "sentences_per_review": Row("Sentences found in a classified review.", buckets=_SENTENCES),
    "score": Row("Score of a classified review, 0 negative to 1 positive.", buckets=_SCORE),
}
COUNTERS = {
    "reviews_total": Row(
        "Records read from the input topic, by what became of them.",
        ("outcome",),
        ("classified", "dead_lettered"),
    ),
    "review_labels_total": Row("Classified reviews by label.", ("label",), LABELS),
    "sentences_total": Row("Classified sentences by label.", ("label",), LABELS),
    "dead_letters_total": Row("Records that could not be classified, by reason.", ("reason",), REASONS),
    "rating_agreement_total": Row(
        "Reviews with a rating, by whether the label agrees; when fewer do, model or input changed.",
        ("outcome",),
        ("agree", "disagree"),
    ),
    "publish_errors_total": Row(
        "Outputs that the broker refused, by error; the process ends after one.", ("error",)
    ),
    "rebalances_total": Row(
        "Times the group shared out its partitions anew; steady growth means members flap."
    ),
    "commits_total": Row("Commits of offsets by outcome.", ("outcome",), ("ok", "failed")),
    "offset_gaps_total": Row(
        "Records deleted before they could be read (backlog older than the retention): lost reviews.",
        ("topic", "partition"),
    ),
    "model_reloads_total": Row(
        "Model reloads by outcome; after a refused one the former model goes on.",
        ("outcome",),
        ("loaded", "refused"),
    ),
}
GAUGES = {
    "lag_records": Row("Offsets between the committed one and the partition's end.", ("topic", "partition")),
    "lag_seconds": Row("Age of the first uncommitted record, 0 when none waits.", ("topic", "partition")),
    "lag_age_seconds": Row("Time since the lag was last read; grows while the broker cannot be reached."),
    "assigned_partitions": Row("Partitions that this worker owns; 0 on a standby."),
    "paused_partitions": Row("Partitions that this worker owns but does not fetch from."),
    "in_flight_batches": Row(
        "Slices sent and not yet held by the broker; at its limit, the broker is the brake."
    ),
    "committed_offset": Row("Offset last committed.", ("topic", "partition")),
    "last_progress_timestamp_seconds": Row("When the broker last took all outputs of a slice, as Unix time."),
    "drift_psi": Row(
        "Population stability index of the newest reviews (an hour, 1,000 at least) against the model's"
        " reference: from .1 a shift, from .25 a large one; NaN until there are enough.",
        ("feature",),
        ("review_score", "sentences_per_review"),
    ),
    "model_loaded_timestamp_seconds": Row("When the model was loaded, as Unix time."),
    "model_created_timestamp_seconds": Row("When the model was made, as its manifest says, as Unix time."),
    "model_info": Row("The model in use; always 1.", ("version", "sha256")),
    "build_info": Row("The version of this program; always 1.", ("version",)),
}
_OF_OWNED = ("lag_records", "lag_seconds", "committed_offset")


class Metrics:
    """Every metric of the worker.

    Args:
        registry: where they are exported; those of process, garbage collection and platform are added.
        version: of this program.
        clock: seconds that never run backwards, for the age of the lag.

    Raises:
        ValueError: the registry holds metrics of these names already.
    """

    def __init__(
        self, registry: CollectorRegistry, version: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._lag_read_at = clock()
        self._owned: frozenset[TopicPartition] = frozenset()
        self._owning = Lock()
        histograms = _register_histograms(registry)
        self._stages = histograms["stage_seconds"].series
        self._values = {
            name: histogram.series[""] for name, histogram in histograms.items() if "" in histogram.series
        }
        self._counters = {
            name: Counter(PREFIX + name, row.help, row.labels, registry=registry)
            for name, row in COUNTERS.items()
        }
        self._known = {
            name: {value: self._counters[name].labels(value) for value in row.values}
            for name, row in COUNTERS.items()
        }
        self._gauges = {
            name: Gauge(PREFIX + name, row.help, row.labels, registry=registry)
            for name, row in GAUGES.items()
        }
        self._gauges["lag_age_seconds"].set_function(lambda: clock() - self._lag_read_at)
        self._gauges["build_info"].labels(version).set(1)
        self._drift = {feature: DriftWindow(clock) for feature in GAUGES["drift_psi"].values}
        for feature, window in self._drift.items():
            self._gauges["drift_psi"].labels(feature).set_function(window.psi)
        ProcessCollector(registry=registry)
        GCCollector(registry)
        PlatformCollector(registry)

    def classified(self, outcomes: Iterable[Outcome], stage_seconds: Mapping[Stage, float]) -> None:
        """A slice went through the core.

        Args:
            outcomes: of the whole slice, in as many parts as it took.
            stage_seconds: time in each stage.
        """
        records = 0
        for outcome in outcomes:
            records += len(outcome.results) + len(outcome.dead_letters)
            self._known["reviews_total"]["classified"].inc(len(outcome.results))
            self._dead_lettered(outcome.dead_letters)
            self._scored(outcome.tally)
        self._values["batch_reviews"].observe(records)
        for stage, seconds in stage_seconds.items():
            self._stages[stage].observe(seconds)

    def _dead_lettered(self, dead_letters: Sequence[DeadLetter]) -> None:
        for dead_letter in dead_letters:
            self._known["reviews_total"]["dead_lettered"].inc()
            self._known["dead_letters_total"][dead_letter.reason].inc()

    def _scored(self, tally: Tally) -> None:
        _count_labels(self._known["review_labels_total"], tally.labels)
        _count_labels(self._known["sentences_total"], tally.sentence_labels)
        rated = int(np.count_nonzero(tally.rated >= 0))
        agreed = int(np.count_nonzero(tally.rated == tally.labels))
        self._known["rating_agreement_total"]["agree"].inc(agreed)
        self._known["rating_agreement_total"]["disagree"].inc(rated - agreed)
        self._values["sentences_per_review"].observe_all(tally.sentence_counts)
        self._values["score"].observe_all(tally.scores)
        self._drift["sentences_per_review"].observe_all(tally.sentence_counts)
        self._drift["review_score"].observe_all(tally.scores)

    def published(
        self, records: int, latencies_s: NDArray[np.float64], processing_s: float, publish_s: float
    ) -> None:
        """The broker holds all outputs of a slice.

        Args:
            records: in the slice.
            latencies_s: now minus the timestamp of each record that has one.
            processing_s: now minus the time at which the slice was fetched.
            publish_s: time from the outputs' sending to now.
        """
        # A producer's clock may be ahead; a sum that falls would look like a restart.
        self._values["review_latency_seconds"].observe_all(np.maximum(latencies_s, 0.0))
        self._values["processing_seconds"].observe(processing_s, records)
        self._stages["publish"].observe(publish_s)

    def progress(self, timestamp: float) -> None:
        """Something moved, at this Unix time."""
        self._gauges["last_progress_timestamp_seconds"].set(timestamp)

    def in_flight(self, batches: int) -> None:
        """So many slices are sent and not yet held by the broker."""
        self._gauges["in_flight_batches"].set(batches)

    def publish_error(self, error: BaseException) -> None:
        """The broker refused an output. The label is the error's class, of which there are few."""
        self._counters["publish_errors_total"].labels(type(error).__name__).inc()

    def assigned(self, partitions: Collection[TopicPartition]) -> None:
        """These are the partitions that the worker owns now, all of them: series of any other vanish."""
        with self._owning:
            for gone in self._owned.difference(partitions):
                for name in _OF_OWNED:
                    self._gauges[name].remove(*gone)
            self._owned = frozenset(partitions)
        for place in partitions:
            self._counters["offset_gaps_total"].labels(
                *place
            )  # from 0, or the first gap would be no increase
        self._gauges["assigned_partitions"].set(len(partitions))

    def paused(self, partitions: int) -> None:
        """So many of the worker's partitions are not fetched from."""
        self._gauges["paused_partitions"].set(partitions)

    def rebalance(self) -> None:
        """The group shares out its partitions anew."""
        self._counters["rebalances_total"].inc()

    def commit(self, outcome: Literal["ok", "failed"]) -> None:
        """A commit of offsets ended."""
        self._known["commits_total"][outcome].inc()

    def committed(self, topic: str, partition: int, offset: int) -> None:
        """The group's offset in a partition is this one now; ignored where the worker does not own it."""
        with self._owning:
            if (topic, partition) in self._owned:
                self._gauges["committed_offset"].labels(topic, partition).set(offset)

    def offset_gap(self, topic: str, partition: int, records: int) -> None:
        """So many records were deleted before they could be read."""
        self._counters["offset_gaps_total"].labels(topic, partition).inc(records)

    def lag(self, readings: Mapping[TopicPartition, Lag]) -> None:
        """The lag was read; ignored where the worker does not own the partition."""
        with self._owning:
            for place in self._owned.intersection(readings):
                self._gauges["lag_records"].labels(*place).set(readings[place].records)
                self._gauges["lag_seconds"].labels(*place).set(readings[place].seconds)
        self._lag_read_at = self._clock()

    def model_loaded(self, model: Model, timestamp: float) -> None:
        """This model is in use since this Unix time, and no other."""
        self._gauges["model_info"].clear()
        self._gauges["model_info"].labels(model.version, model.sha256).set(1)
        self._gauges["model_loaded_timestamp_seconds"].set(timestamp)
        created_at = datetime.fromisoformat(model.created_at)
        self._gauges["model_created_timestamp_seconds"].set(created_at.timestamp())
        for feature, window in self._drift.items():
            window.compare_with(model.reference.get(feature))

    def model_reload(self, outcome: Literal["loaded", "refused"]) -> None:
        """A reload of the model ended."""
        self._known["model_reloads_total"][outcome].inc()


def _register_histograms(registry: CollectorRegistry) -> dict[str, BulkHistogram]:
    histograms = {name: BulkHistogram(PREFIX + name, row) for name, row in HISTOGRAMS.items()}
    for histogram in histograms.values():
        registry.register(histogram)
    return histograms


def _count_labels(counters: Mapping[str, Counter], labels: NDArray[np.int8]) -> None:
    raw = labels.tobytes()
    for index, label in enumerate(LABELS):
        if count := raw.count(index):
            counters[label].inc(count)
