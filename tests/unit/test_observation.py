from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from stream_app.core.errors import BlankTextError, ModelError
from stream_app.core.messages import DeadLetter
from stream_app.core.pipeline import Rules, classify
from stream_app.health import Health
from stream_app.kafka.slices import Slice
from stream_app.metrics import Metrics
from stream_app.observation import Observation, StageClock
from tests.records import StoredRecord
from tests.unit.core.test_pipeline import MODEL


class Seen:
    """An observation with its registry at hand."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.health = Health(SimpleNamespace())  # type: ignore[arg-type] # who it is does not matter here
        self.observation = Observation(Metrics(self.registry, "0"), self.health)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"stream_app_{name}", labels)


@pytest.fixture
def seen() -> Seen:
    return Seen()


def test_a_slice_counts_its_records_and_stages(seen: Seen) -> None:
    clock = StageClock()
    records = [StoredRecord(b'{"text": "Good.", "rating": 5}'), StoredRecord(b"bad", offset=1)]
    outcome = classify(records, MODEL, Rules(), clock.ended)
    seen.observation.classified([outcome], clock.seconds, "v1")
    assert set(clock.seconds) == {"decode", "split", "score", "encode"}
    assert seen.value("reviews_total", outcome="classified") == 1
    assert seen.value("dead_letters_total", reason="not_json") == 1
    assert seen.value("stage_seconds_count", stage="score") == 1


def test_a_record_without_a_timestamp_has_no_latency(seen: Seen) -> None:
    done: Any = [
        SimpleNamespace(topic="t", partition=0, timestamp=timestamp) for timestamp in (-1, 1_700_000_000_000)
    ]
    seen.observation.published(Slice(done, 0, 0.0), 0.0)
    assert seen.value("review_latency_seconds_count") == 1
    assert seen.value("processing_seconds_count") == 2


def test_ownership_comes_and_goes(seen: Seen) -> None:
    seen.observation.model_loaded(MODEL)
    seen.observation.assigned({TP("t", 0), TP("t", 1)})
    assert seen.value("assigned_partitions") == 2
    assert seen.health.why_not_ready() == []
    seen.observation.committed(TP("t", 0), 7)
    assert seen.value("committed_offset", topic="t", partition="0") == 7
    seen.observation.revoked({TP("t", 0), TP("t", 1)})
    assert seen.value("assigned_partitions") == 0
    assert seen.value("committed_offset", topic="t", partition="0") is None
    assert seen.health.why_not_ready()


def test_pauses_are_told_in_log_metric_and_readiness(seen: Seen) -> None:
    seen.observation.model_loaded(MODEL)
    seen.observation.assigned({TP("t", 0), TP("t", 3)})
    with capture_logs() as logged:
        seen.observation.partition_paused(TP("t", 3), 0.51234, 30.0)
        seen.observation.partition_probed(TP("t", 3))
        seen.observation.partition_resumed(TP("t", 3))
    assert [line["event"] for line in logged] == ["partition_paused", "partition_probed", "partition_resumed"]
    assert {line["partition"] for line in logged} == {3}
    assert (logged[0]["dead_letter_share"], logged[0]["probe_in_s"]) == (0.512, 30.0)
    seen.observation.paused({TP("t", 3)})
    assert seen.value("paused_partitions") == 1
    assert "partition 3 is paused" in seen.health.why_not_ready()[0]
    seen.observation.paused(set())
    assert (seen.value("paused_partitions"), seen.health.why_not_ready()) == (0, [])


def test_lost_offsets_are_counted(seen: Seen) -> None:
    seen.observation.assigned({TP("t", 0)})
    seen.observation.offsets_lost(TP("t", 0), 5, 3)
    assert seen.value("offset_gaps_total", topic="t", partition="0") == 3


def test_a_refused_model_leaves_the_former_one(seen: Seen) -> None:
    seen.observation.model_loaded(MODEL)
    seen.observation.model_refused(ModelError("broken"), MODEL)
    assert seen.value("model_reloads_total", outcome="refused") == 1
    assert seen.value("model_info", version=MODEL.version, sha256=MODEL.sha256) == 1
    other = MODEL._replace(version="v2")
    seen.observation.model_reloaded(other)
    assert seen.value("model_info", version="v2", sha256=MODEL.sha256) == 1
    assert seen.value("model_reloads_total", outcome="loaded") == 1


def test_dead_letters_beyond_the_first_of_a_second_are_summed_up(seen: Seen) -> None:
    letter = DeadLetter(StoredRecord(b"{}"), BlankTextError("field `text` is blank"))
    outcome = classify([], MODEL, Rules())
    many = type(outcome)([], [letter] * 50, outcome.tally)
    seen.observation.classified([many], {}, "v1")
    seen.observation.beat()
    suppressed = seen.observation._dead_letter_log.take_suppressed()
    assert suppressed == 0, "the beat has told of them already"
    assert seen.value("dead_letters_total", reason="blank_text") == 50
