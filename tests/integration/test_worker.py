"""One worker on a real broker, without faults."""

import json
import shutil
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest

from stream_app.bundled import bundled
from stream_app.kafka.broker import Broker
from stream_app.kafka.reader import committed, end_offsets
from tests.stream import Stream, WorkerProcess, reviews, stream, wait_until

pytestmark = pytest.mark.broker

POISON = {
    b"\xff\xfe": "not_utf8",
    b'{"text": "a", "other": "\xff"}': "not_utf8",
    b"plain": "not_json",
    b'\xef\xbb\xbf{"text": "a"}': "not_json",
    b'{"text": "\\ud800"}': "not_json",
    b'{"text": "a", "rating": NaN}': "not_json",
    b"[" * 100_000: "not_json",
    b"[]": "schema",
    b"{}": "schema",
    b'{"text": null}': "schema",
    b'{"text": 1}': "schema",
    b'{"text": "a", "rating": 6}': "schema",
    b'{"text": " \\u3000"}': "blank_text",
    b'{"text": "' + b"x" * 20_001 + b'"}': "too_large",
    None: "tombstone",
}


@pytest.fixture
def flow(broker: Broker, topic_name: str, tmp_path: Path) -> Iterator[Stream]:
    with stream(broker.bootstrap_servers, topic_name, tmp_path) as made:
        yield made


def test_every_review_becomes_a_result_under_its_key_in_its_partition(flow: Stream) -> None:
    flow.create_topics()
    flow.feed(reviews(500))
    worker = flow.start_worker()
    flow.wait_for_outputs(500)
    assert worker.terminate() == 0
    verdict = flow.verdict()
    assert (verdict.results, verdict.lost, verdict.duplicates, verdict.strange) == (500, 0, 0, 0)
    for record in flow.read_results():
        result = msgspec.json.decode(record.value or b"")
        number = int(result["review_id"][1:])
        assert record.partition == result["source"]["partition"]
        assert record.key == f"k{number % 97}".encode()
        assert dict(record.headers)["schema"] == b"review_result.v1"
        assert [s["part"] for s in result["sentences"]] == ["title", "text", "text", "text", "text"]


def test_after_sigterm_all_is_committed_and_nothing_is_left(flow: Stream, tmp_path: Path) -> None:
    flow.create_topics()
    flow.feed(reviews(300))
    worker = flow.start_worker(commit_interval_s="60")
    flow.wait_for_outputs(300)
    assert worker.terminate() == 0
    group_offsets = committed(flow.connection, flow.group, flow.input)
    assert group_offsets == end_offsets(flow.connection, flow.input)
    assert [path.name for path in tmp_path.iterdir()] == [worker.log.name]


def test_poison_of_every_kind_is_dead_lettered_and_its_neighbours_are_not(flow: Stream) -> None:
    flow.create_topics(partitions=1)
    good = list(reviews(len(POISON)))
    flow.feed(
        record for pair in zip(good, ((b"p", value) for value in POISON), strict=True) for record in pair
    )
    worker = flow.start_worker()
    flow.wait_for_outputs(2 * len(POISON))
    assert worker.terminate() == 0
    verdict = flow.verdict()
    assert (verdict.results, verdict.dead_letters, verdict.lost, verdict.duplicates) == (
        len(POISON),
        len(POISON),
        0,
        0,
    )
    letters = {record.value: dict(record.headers)["dlq.reason"] for record in flow.read_dead_letters()}
    assert letters == {value: reason.encode() for value, reason in POISON.items()}
    assert {record.key for record in flow.read_dead_letters()} == {b"p"}


def test_a_review_of_ten_megabytes_is_a_dead_letter(flow: Stream) -> None:
    flow.create_topics(
        partitions=1,
        input={"max.message.bytes": "12000000"},
        dead_letters={"max.message.bytes": "12065536"},
    )
    flow.feed_large(b'{"text": "' + b"x" * 10_000_000 + b'"}')
    flow.feed(reviews(10))
    flow.start_worker()
    flow.wait_for_outputs(11)
    (letter,) = flow.read_dead_letters()
    assert len(letter.value or b"") == 10_000_012
    assert dict(letter.headers)["dlq.reason"] == b"too_large"
    assert flow.verdict().results == 10


def test_a_dead_letter_too_large_for_its_topic_keeps_its_place_and_reason(flow: Stream) -> None:
    flow.create_topics(partitions=1, dead_letters={"max.message.bytes": "20000"})
    flow.feed([(b"k", b"x" * 100_000)])
    flow.start_worker()
    flow.wait_for_outputs(1)
    (letter,) = flow.read_dead_letters()
    assert (letter.key, letter.value) == (b"k", None)
    assert dict(letter.headers)["dlq.value_omitted"] == b"true"


def test_a_result_too_large_for_its_topic_is_a_dead_letter(flow: Stream) -> None:
    flow.create_topics(partitions=1, results={"max.message.bytes": "3000"})
    big = json.dumps({"text": "This is one. " * 500}).encode()
    flow.feed([(b"k", big), *reviews(5)])
    flow.start_worker()
    flow.wait_for_outputs(6)
    (letter,) = flow.read_dead_letters()
    assert letter.value == big
    assert dict(letter.headers)["dlq.reason"] == b"result_too_large"
    assert flow.verdict().results == 5


def test_without_a_key_the_review_id_is_the_key(flow: Stream) -> None:
    flow.create_topics()
    flow.feed([(None, b'{"text": "Fine.", "review_id": 42}'), (None, b'{"text": "Fine."}')])
    flow.start_worker()
    flow.wait_for_outputs(2)
    keys = sorted(record.key or b"" for record in flow.read_results())
    assert keys[0] == b"42"
    assert keys[1].startswith(flow.input.encode() + b"-")


def test_metrics_and_health_tell_of_the_stream(flow: Stream) -> None:
    flow.create_topics()
    flow.feed([*reviews(50), (b"k", b"bad")])
    worker = flow.start_worker()
    flow.wait_for_outputs(51)
    worker.wait_until_ready()
    assert worker.get("/livez")[0] == 200
    assert json.loads(worker.get("/info")[1])["topics"]["input"] == flow.input
    wait_until(
        lambda: 'stream_app_reviews_total{outcome="classified"} 50.0' in worker.get("/metrics")[1],
        10,
        worker.text,
    )
    metrics = worker.get("/metrics")[1]
    assert 'stream_app_dead_letters_total{reason="not_json"} 1.0' in metrics
    assert "stream_app_review_latency_seconds_count 51.0" in metrics
    assert "stream_app_assigned_partitions 4.0" in metrics


def has_reloaded(worker: WorkerProcess, times: int) -> bool:
    return f'stream_app_model_reloads_total{{outcome="loaded"}} {times}.0' in worker.get("/metrics")[1]


def test_sighup_reads_the_log_level_and_the_model_again(flow: Stream, tmp_path: Path) -> None:
    flow.create_topics()
    worker = flow.start_worker()
    worker.wait_until_ready()
    for reloads, level, logged in ((1, "error", 1), (2, "info", 2)):
        (tmp_path / ".env").write_text(f"STREAM_LOG_LEVEL={level}\n")
        worker.send(signal.SIGHUP)
        wait_until(partial(has_reloaded, worker, reloads), 20, worker.text)
        assert worker.events().count("model_loaded") == logged


def test_a_model_that_is_broken_meanwhile_is_refused_and_the_former_goes_on(
    flow: Stream, tmp_path: Path
) -> None:
    flow.create_topics()
    model = tmp_path / "model"
    shutil.copytree(bundled("champion"), model)
    worker = flow.start_worker(model_path=str(model))
    worker.wait_until_ready()
    (model / "manifest.json").write_text("{")
    worker.send(signal.SIGHUP)
    wait_until(lambda: "model_refused" in worker.events(), 20, worker.text)
    flow.feed(reviews(10))
    flow.wait_for_outputs(10)


def test_no_text_of_a_review_is_logged(flow: Stream) -> None:
    flow.create_topics()
    flow.feed([(b"k", b'{"text": "secretword here", "rating": 9}'), (b"k", b'{"text": "secretword"}')])
    worker = flow.start_worker(log_level="debug")
    flow.wait_for_outputs(2)
    assert worker.terminate() == 0
    assert "dead_letter" in worker.events()
    assert "secretword" not in worker.text()
