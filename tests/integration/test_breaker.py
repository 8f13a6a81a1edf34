"""A partition whose records are dead-lettered is paused, loses nothing, and goes on by itself."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from stream_app.kafka.broker import Broker
from stream_app.kafka.reader import committed
from tests.stream import Stream, WorkerProcess, reviews, stream, wait_until

pytestmark = pytest.mark.broker

IMPATIENT = (str(Path(__file__).parents[1] / "impatient_worker.py"),)
BAD = b"bad"


@pytest.fixture
def flow(broker: Broker, topic_name: str, tmp_path: Path) -> Iterator[Stream]:
    with stream(broker.bootstrap_servers, topic_name, tmp_path) as made:
        made.create_topics(partitions=2)
        yield made


def good(count: int) -> list[bytes | None]:
    return [value for _, value in reviews(count)]


def feed(flow: Stream, partition: int, values: Iterable[bytes | None]) -> None:
    in_order = {"enable.idempotence": True, "linger.ms": 5}
    with Producer(flow.connection.confluent_config("test") | in_order) as producer:
        for value in values:
            producer.produce(flow.input, value, b"k", partition)
            producer.poll(0)


def wait_for_event(worker: WorkerProcess, event: str) -> None:
    wait_until(lambda: event in worker.events(), 180, worker.text)


def offsets_of_results(flow: Stream, partition: int) -> list[int]:
    sources = [result.source for result in flow.decoded_results() if result.source]
    return [source.offset for source in sources if source.partition == partition]


@pytest.mark.parametrize("guarantee", ["at_least_once", "exactly_once"])
def test_a_bad_partition_is_paused_the_other_goes_on_and_nothing_is_lost_or_repeated(
    flow: Stream, guarantee: str
) -> None:
    feed(flow, 0, [BAD] * 700 + good(8_000))
    worker = flow.start_worker(program=IMPATIENT, max_batch="100", processing_guarantee=guarantee)
    wait_for_event(worker, "partition_paused")
    feed(flow, 1, good(3_000))
    wait_until(lambda: len(offsets_of_results(flow, 1)) == 3_000, 180, worker.text)
    verdict = flow.wait_until_nothing_is_lost()
    assert (verdict.results, verdict.dead_letters, verdict.duplicates, verdict.strange) == (11_000, 700, 0, 0)
    assert offsets_of_results(flow, 0) == list(range(700, 8_700))
    events = [event for event in worker.events() if event.startswith("partition_") and "probed" not in event]
    assert events[0] == "partition_paused"
    assert events[-1] == "partition_resumed"
    worker.wait_until_ready()
    assert "stream_app_paused_partitions 0.0" in worker.get("/metrics")[1]
    assert worker.terminate() == 0
    assert committed(flow.connection, flow.group, flow.input) == {0: 8_700, 1: 3_000}


def test_a_pause_is_told_and_ends_with_the_process_at_once(flow: Stream) -> None:
    feed(flow, 0, [BAD] * 500 + good(3_000))
    first = flow.start_worker()
    wait_for_event(first, "partition_paused")
    wait_until(lambda: "stream_app_paused_partitions 1.0" in first.get("/metrics")[1], 20, first.text)
    status, body = first.get("/readyz")
    assert (status, "partition 0 is paused" in body) == (503, True)
    assert first.get("/livez")[0] == 200
    assert first.terminate() == 0
    assert "drain_cut_short" not in first.events()
    done = flow.outputs()
    assert 500 <= done <= 500 + 256
    assert committed(flow.connection, flow.group, flow.input)[0] == done
    feed(flow, 0, [BAD] * 1_000)
    switched_off = flow.start_worker(dlq_breaker_share="1")
    flow.wait_for_outputs(4_500)
    assert "partition_paused" not in switched_off.events()
    verdict = flow.verdict()
    assert (verdict.results, verdict.dead_letters, verdict.lost, verdict.duplicates) == (3_000, 1_500, 0, 0)


def test_a_rebalance_leaves_no_partition_paused(flow: Stream) -> None:
    for partition in range(2):
        feed(flow, partition, [BAD] * 500 + good(2_000))
    first = flow.start_worker()
    wait_until(lambda: first.events().count("partition_paused") == 2, 60, first.text)
    wait_until(lambda: "stream_app_paused_partitions 2.0" in first.get("/metrics")[1], 20, first.text)
    second = flow.start_worker()
    flow.wait_for_outputs(5_000)
    for worker in (first, second):
        assert "stream_app_assigned_partitions 1.0" in worker.get("/metrics")[1]
        worker.wait_until_ready()
        assert "partition_probed" not in worker.events()
    verdict = flow.verdict()
    assert (verdict.results, verdict.dead_letters, verdict.lost, verdict.duplicates) == (4_000, 1_000, 0, 0)
