import math
import threading
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.exposition import choose_encoder
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from stream_app.core import drift
from stream_app.core.errors import BlankTextError, NotJsonError
from stream_app.core.messages import DeadLetter, OutputRecord
from stream_app.core.pipeline import Outcome, Stage, Tally
from stream_app.histograms import BulkHistogram, Row
from stream_app.lag import Lag
from stream_app.metrics import COUNTERS, GAUGES, HISTOGRAMS, Metrics
from tests.records import StoredRecord
from tests.unit.core.test_pipeline import MODEL

BOUNDS = (0.0, 0.3, 1.0, 2.5)
VALUES = st.one_of(st.sampled_from((*BOUNDS, math.nan, math.inf)), st.floats(-1e6, 1e6))


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def metrics(registry: CollectorRegistry, clock: Clock) -> Metrics:
    return Metrics(registry, "1.2.3", clock)


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(f"stream_app_{name}", labels)


def samples(registry: CollectorRegistry, name: str) -> dict[tuple[str, str], float]:
    return {
        (sample.name, sample.labels.get("le", "")): sample.value
        for metric in registry.collect()
        if metric.name == name
        for sample in metric.samples
        if not sample.name.endswith("_created")
    }


def new_outcome(
    labels: Sequence[int],
    sentence_labels: Sequence[Sequence[int]],
    rated: Sequence[int],
    dead_letters: Sequence[DeadLetter] = (),
) -> Outcome:
    tally = Tally(
        labels=np.array(labels, dtype=np.int8),
        scores=np.array(labels, dtype=np.float64) / 2,
        sentence_counts=np.array([len(one) for one in sentence_labels], dtype=np.int64),
        sentence_labels=np.array([label for one in sentence_labels for label in one], dtype=np.int8),
        rated=np.array(rated, dtype=np.int8),
    )
    output = OutputRecord(b"k", b"{}", [], 0, True)
    return Outcome([output] * len(labels), list(dead_letters), tally)


RECORD = StoredRecord(value=b"")
OUTCOME = new_outcome(
    labels=[2, 0, 2],
    sentence_labels=[[2, 1], [0], [2, 2, 2]],
    rated=[2, 2, -1],
    dead_letters=[
        DeadLetter(RECORD, NotJsonError("")),
        DeadLetter(RECORD, NotJsonError("")),
        DeadLetter(RECORD, BlankTextError("")),
    ],
)
SECONDS: Mapping[Stage, float] = {"decode": 0.00002, "split": 0.00003, "score": 0.0002, "encode": 0.00004}


@settings(deadline=None)
@given(st.lists(st.one_of(VALUES, st.lists(VALUES, max_size=40), st.tuples(VALUES, st.integers(0, 1100)))))
def test_a_bulk_histogram_shows_what_prometheus_clients_shows(
    events: list[float | list[float] | tuple[float, int]],
) -> None:
    theirs, ours = CollectorRegistry(), CollectorRegistry()
    reference = Histogram("x", "Help.", buckets=BOUNDS, registry=theirs)
    bulk = BulkHistogram("x", Row("Help.", buckets=BOUNDS))
    ours.register(bulk)
    for event in events:
        match event:
            case list():
                bulk.series[""].observe_all(np.array(event, dtype=np.float64))
                observed = event
            case (one, times):
                bulk.series[""].observe(one, times)
                observed = [one] * times
            case _:
                bulk.series[""].observe(event)
                observed = [event]
        for one in observed:
            reference.observe(one)
    expected = samples(theirs, "x")
    assert samples(ours, "x").keys() == expected.keys()
    for key, shown in samples(ours, "x").items():
        assert shown == pytest.approx(expected[key], nan_ok=True)


def test_an_array_is_copied_when_it_is_observed() -> None:
    histogram = BulkHistogram("x", Row("Help.", buckets=BOUNDS))
    array = np.array([0.1, 0.2])
    histogram.series[""].observe_all(array)
    array[:] = 9
    assert histogram.series[""].read()[0][1] == ("0.3", 2)


def test_no_value_is_lost_when_threads_write_and_read_at_once() -> None:
    series = BulkHistogram("x", Row("Help.", buckets=BOUNDS)).series[""]
    array = np.full(7, 2.0)

    def write() -> None:
        for _ in range(2_000):
            series.observe_all(array)
            series.observe(0.1, 3)

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        buckets, total = series.read()
        assert total == pytest.approx(2.0 * (buckets[-1][1] - buckets[1][1]) + 0.1 * buckets[1][1])
    buckets, _ = series.read()
    assert dict(buckets)["0.3"] == 4 * 2_000 * 3
    assert dict(buckets)["+Inf"] == 4 * 2_000 * 10


def test_a_slice_counts_its_reviews_sentences_and_dead_letters(
    metrics: Metrics, registry: CollectorRegistry
) -> None:
    metrics.classified([OUTCOME], SECONDS)
    assert value(registry, "reviews_total", outcome="classified") == 3
    assert value(registry, "reviews_total", outcome="dead_lettered") == 3
    assert [value(registry, "review_labels_total", label=x) for x in ("negative", "neutral", "positive")] == [
        1,
        0,
        2,
    ]
    assert [value(registry, "sentences_total", label=x) for x in ("negative", "neutral", "positive")] == [
        1,
        1,
        4,
    ]
    assert value(registry, "dead_letters_total", reason="not_json") == 2
    assert value(registry, "dead_letters_total", reason="blank_text") == 1
    assert value(registry, "dead_letters_total", reason="tombstone") == 0


def test_a_label_agrees_with_the_rating_where_there_is_one(
    metrics: Metrics, registry: CollectorRegistry
) -> None:
    metrics.classified([OUTCOME], SECONDS)
    assert value(registry, "rating_agreement_total", outcome="agree") == 1
    assert value(registry, "rating_agreement_total", outcome="disagree") == 1


def test_a_slice_is_seen_once_by_the_histograms_in_however_many_parts(
    metrics: Metrics, registry: CollectorRegistry
) -> None:
    metrics.classified([OUTCOME, OUTCOME], SECONDS)
    assert value(registry, "batch_reviews_count") == 1
    assert value(registry, "batch_reviews_sum") == 12
    assert value(registry, "sentences_per_review_count") == 6
    assert value(registry, "sentences_per_review_sum") == 12
    assert value(registry, "score_count") == 6
    assert value(registry, "score_bucket", le="0.0") == 2
    assert value(registry, "score_sum") == 4
    for stage, seconds in SECONDS.items():
        assert value(registry, "stage_seconds_count", stage=stage) == 1
        assert value(registry, "stage_seconds_sum", stage=stage) == seconds
    assert value(registry, "stage_seconds_count", stage="publish") == 0


def test_latency_is_seen_per_record(metrics: Metrics, registry: CollectorRegistry) -> None:
    metrics.published(4, np.array([0.3, 0.31, 100.0]), 0.004, 0.002)
    assert value(registry, "review_latency_seconds_bucket", le="0.3") == 1
    assert value(registry, "review_latency_seconds_bucket", le="0.5") == 2
    assert value(registry, "review_latency_seconds_count") == 3
    assert value(registry, "processing_seconds_bucket", le="0.005") == 4
    assert value(registry, "processing_seconds_sum") == pytest.approx(0.016)
    assert value(registry, "stage_seconds_sum", stage="publish") == 0.002


def test_a_producers_clock_ahead_never_lowers_the_sum(metrics: Metrics, registry: CollectorRegistry) -> None:
    metrics.published(2, np.array([-3.0, 0.5]), 0.1, 0.1)
    assert value(registry, "review_latency_seconds_sum") == 0.5
    assert value(registry, "review_latency_seconds_bucket", le="0.001") == 1


def test_series_of_a_partition_vanish_with_it(metrics: Metrics, registry: CollectorRegistry) -> None:
    metrics.assigned([("t", 0), ("t", 1)])
    metrics.lag({("t", 0): Lag(5, 1.5), ("t", 1): Lag(0, 0.0)})
    metrics.committed("t", 0, 42)
    assert value(registry, "assigned_partitions") == 2
    assert value(registry, "lag_records", topic="t", partition="0") == 5
    assert value(registry, "lag_seconds", topic="t", partition="0") == 1.5
    assert value(registry, "committed_offset", topic="t", partition="0") == 42
    metrics.assigned([("t", 1)])
    for name in ("lag_records", "lag_seconds", "committed_offset"):
        assert value(registry, name, topic="t", partition="0") is None
    assert value(registry, "lag_records", topic="t", partition="1") == 0
    assert value(registry, "assigned_partitions") == 1


def test_what_comes_late_about_a_revoked_partition_brings_no_series_back(
    metrics: Metrics, registry: CollectorRegistry
) -> None:
    metrics.assigned([("t", 0)])
    metrics.assigned([])
    metrics.lag({("t", 0): Lag(5, 1.5)})
    metrics.committed("t", 0, 42)
    for name in ("lag_records", "lag_seconds", "committed_offset"):
        assert value(registry, name, topic="t", partition="0") is None


def test_the_age_of_the_lag_grows_until_it_is_read(
    metrics: Metrics, registry: CollectorRegistry, clock: Clock
) -> None:
    clock.now += 7
    assert value(registry, "lag_age_seconds") == 7
    metrics.lag({})
    clock.now += 2
    assert value(registry, "lag_age_seconds") == 2


def test_lost_records_are_counted_from_zero_on(metrics: Metrics, registry: CollectorRegistry) -> None:
    metrics.assigned([("t", 3)])
    assert value(registry, "offset_gaps_total", topic="t", partition="3") == 0
    metrics.offset_gap("t", 3, 17)
    metrics.assigned([])
    assert value(registry, "offset_gaps_total", topic="t", partition="3") == 17


def test_only_the_model_in_use_is_shown(metrics: Metrics, registry: CollectorRegistry) -> None:
    metrics.model_loaded(MODEL, 10.0)
    metrics.model_reload("loaded")
    metrics.model_loaded(MODEL._replace(version="v2", sha256="bb", created_at="2026-01-02T00:00:00Z"), 20.0)
    metrics.model_reload("refused")
    assert value(registry, "model_info", version="v1", sha256="sha") is None
    assert value(registry, "model_info", version="v2", sha256="bb") == 1
    assert value(registry, "model_created_timestamp_seconds") == 1_767_312_000
    assert value(registry, "model_loaded_timestamp_seconds") == 20
    assert value(registry, "model_reloads_total", outcome="loaded") == 1
    assert value(registry, "model_reloads_total", outcome="refused") == 1


def test_drift_is_told_by_feature_once_a_model_states_its_reference(
    metrics: Metrics, registry: CollectorRegistry
) -> None:
    alike = {"review_score": drift.Histogram((0.0, 0.25, 0.75, 1.0), (1000, 0, 2000))}
    metrics.model_loaded(MODEL._replace(reference=alike), 10.0)
    assert math.isnan(value(registry, "drift_psi", feature="review_score") or 0)
    metrics.classified([OUTCOME] * 400, SECONDS)
    assert value(registry, "drift_psi", feature="review_score") == pytest.approx(0, abs=1e-3)
    assert math.isnan(value(registry, "drift_psi", feature="sentences_per_review") or 0)

    changed = {"sentences_per_review": drift.Histogram((1.0, 4.0, 9.0), (1000, 1000))}
    metrics.model_loaded(MODEL._replace(reference=changed), 20.0)
    metrics.classified([OUTCOME] * 400, SECONDS)
    assert math.isnan(value(registry, "drift_psi", feature="review_score") or 0)
    assert (value(registry, "drift_psi", feature="sentences_per_review") or 0) > 1


def test_rare_events_are_counted(metrics: Metrics, registry: CollectorRegistry) -> None:
    metrics.publish_error(TimeoutError())
    metrics.rebalance()
    metrics.commit("ok")
    metrics.commit("failed")
    metrics.in_flight(4)
    metrics.paused(2)
    metrics.progress(1_700_000_000.0)
    assert value(registry, "publish_errors_total", error="TimeoutError") == 1
    assert value(registry, "rebalances_total") == 1
    assert value(registry, "commits_total", outcome="ok") == 1
    assert value(registry, "commits_total", outcome="failed") == 1
    assert value(registry, "in_flight_batches") == 4
    assert value(registry, "paused_partitions") == 2
    assert value(registry, "last_progress_timestamp_seconds") == 1_700_000_000
    assert value(registry, "build_info", version="1.2.3") == 1


def test_every_metric_of_the_table_is_exported_with_its_help(
    metrics: Metrics, registry: CollectorRegistry
) -> None:
    metrics.classified([OUTCOME], SECONDS)
    text = generate_latest(registry).decode()
    for name, row in (HISTOGRAMS | COUNTERS | GAUGES).items():
        assert f"# HELP stream_app_{name} {row.help}\n" in text
    for name in ("process_resident_memory_bytes", "python_gc_collections_total", "python_info"):
        assert f"# HELP {name} " in text


def test_the_openmetrics_form_can_be_parsed(metrics: Metrics, registry: CollectorRegistry) -> None:
    metrics.classified([OUTCOME], SECONDS)
    encode, _ = choose_encoder("application/openmetrics-text;version=1.0.0")
    text = encode(registry).decode()
    families = text_string_to_metric_families(text)  # type: ignore[no-untyped-call] # theirs has no types
    types = {family.name: family.type for family in families}
    assert types["stream_app_stage_seconds"] == "histogram"
    assert types["stream_app_reviews"] == "counter"
    assert types["stream_app_lag_age_seconds"] == "gauge"


def test_two_workers_cannot_share_a_registry(registry: CollectorRegistry) -> None:
    Metrics(registry, "1.2.3")
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        Metrics(registry, "1.2.3")
