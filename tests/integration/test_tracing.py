"""Spans of a real worker, as they arrive at a receiver."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from stream_app.kafka.broker import Broker
from stream_app.settings import SettingsError, load_settings
from stream_app.tracing import no_trace, tracing
from tests.http_servers import running
from tests.otlp_receiver import OtlpReceiver, attributes
from tests.records import StoredRecord
from tests.stream import stream

SPAN_ID = "b7ad6b7169203331"


def traceparent(number: int) -> bytes:
    return f"00-{number:032x}-{SPAN_ID}-01".encode()


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[OtlpReceiver]:
    with running(OtlpReceiver()) as started:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", started.endpoint)
        yield started


@pytest.mark.broker
def test_a_span_for_each_slice_links_to_its_records_and_their_traces_go_on(
    receiver: OtlpReceiver, broker: Broker, topic_name: str, tmp_path: Path
) -> None:
    with stream(broker.bootstrap_servers, topic_name, tmp_path) as flow:
        flow.create_topics(partitions=1)
        producer = Producer(flow.connection.confluent_config("test"))
        for number in range(1, 11):
            headers: list[tuple[str, str | bytes | None]] = [
                ("traceparent", traceparent(number)),
                ("tracestate", b"a=1"),
            ]
            value = b"poison" if number == 10 else b'{"text": "Good."}'
            producer.produce(flow.input, value, key=b"k", headers=headers)
        producer.flush(30)
        worker = flow.start_worker(tracing="true")
        flow.wait_for_outputs(10)
        assert worker.terminate() == 0
        spans = receiver.spans()
        assert sum(int(attributes(span)["messaging.batch.message_count"]) for span in spans) == 10
        assert sum(int(attributes(span)["stream_app.results"]) for span in spans) == 9
        links = [(link.trace_id.hex(), link.span_id.hex()) for span in spans for link in span.links]
        assert sorted(links) == [(f"{number:032x}", SPAN_ID) for number in range(1, 11)]
        carried = [dict(record.headers) for record in (*flow.read_results(), *flow.read_dead_letters())]
        assert [headers["traceparent"] for headers in carried] == [traceparent(n) for n in range(1, 11)]
        assert {headers["tracestate"] for headers in carried} == {b"a=1"}
        events = [json.loads(line) for line in worker.text().splitlines() if line.startswith("{")]
        (letter,) = [event for event in events if event["event"] == "dead_letter"]
        (model,) = {event["model"] for event in events if event["event"] == "worker_started"}
        assert (letter["trace_id"], letter["model"]) == (f"{10:032x}", model)


def test_a_span_says_what_it_is_of(receiver: OtlpReceiver) -> None:
    records: list[StoredRecord] = [
        StoredRecord(b"{}", headers=(("traceparent", traceparent(7)),), topic="t", partition=2, offset=40),
        StoredRecord(b"{}", headers=(("traceparent", traceparent(7)),), topic="t", partition=2, offset=41),
        StoredRecord(b"{}", headers=(("traceparent", b"nonsense"),), topic="t", partition=2, offset=42),
    ]
    with tracing(load_settings(tracing=True, group_id="g")) as trace:
        span = trace(records)
        span.classified(2, 1, "v1")
        span.published()
    (sent,) = receiver.spans()
    assert sent.name == "process t"
    assert sent.kind == sent.SPAN_KIND_CONSUMER
    assert len(sent.links) == 1
    assert attributes(sent) == {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.destination.name": "t",
        "messaging.destination.partition.id": "2",
        "messaging.kafka.offset": 40,
        "messaging.batch.message_count": 3,
        "messaging.consumer.group.name": "g",
        "stream_app.results": 2,
        "stream_app.dead_letters": 1,
        "stream_app.model_version": "v1",
    }
    service = {a.key: a.value.string_value for a in receiver.received[0].resource.attributes}
    assert service["service.name"] == "review-sentiment-stream"


def test_a_slice_may_have_more_links_than_opentelemetrys_default(receiver: OtlpReceiver) -> None:
    records: list[StoredRecord] = [
        StoredRecord(b"{}", headers=(("traceparent", traceparent(n)),)) for n in range(1, 201)
    ]
    with tracing(load_settings(tracing=True, max_batch=256)) as trace:
        trace(records).published()
    (sent,) = receiver.spans()
    assert len(sent.links) == 200


def test_a_receiver_that_is_away_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    with tracing(load_settings(tracing=True)) as trace:
        trace([StoredRecord(b"{}")]).published()


def test_without_the_setting_there_is_no_span_and_no_package_is_imported() -> None:
    with tracing(load_settings()) as trace:
        assert trace is no_trace
        assert trace([StoredRecord(b"{}")]) is trace([])
    program = "import sys, stream_app.commands.worker; print('opentelemetry' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert done.stdout == "False\n"


def test_without_the_packages_the_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "stream_app.spans", None)
    with pytest.raises(SettingsError, match=r"STREAM_TRACING: needs the extra `tracing`"):
        tracing(load_settings(tracing=True)).__enter__()
