"""/livez fails when something of a worker is dead, says what, and does not fail when nothing is."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_app.bundled import bundled
from stream_app.kafka.broker import Broker, LocalBroker
from tests.stream import Stream, WorkerProcess, reviews, stream, wait_until

pytestmark = [pytest.mark.broker, pytest.mark.faults]

FAULTY = str(Path(__file__).parents[1] / "faulty_worker.py")
LONGER_THAN_THE_LIMITS_S = 13  # twice 5 s, and the lag is read every 5 s


@pytest.fixture
def flow(broker: Broker, topic_name: str, tmp_path: Path) -> Iterator[Stream]:
    with stream(broker.bootstrap_servers, topic_name, tmp_path) as made:
        yield made


def start(flow: Stream, *faults: str, **settings: str) -> WorkerProcess:
    worker = flow.start_worker(program=(FAULTY, *faults), **settings)
    worker.wait_until_ready(within_s=180)
    return worker


def wait_for_death(worker: WorkerProcess, reason: str) -> None:
    def is_dead() -> bool:
        status, body = worker.get("/livez")
        return status == 503 and reason in body

    wait_until(is_dead, 60, lambda: f"{worker.get('/livez')}\n{worker.text()}")


def assert_live_for(seconds: float, *workers: WorkerProcess) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for worker in workers:
            status, body = worker.get("/livez")
            assert status == 200, f"{body}\n{worker.text()}"
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("wedged_loop", "the event loop last turned"),
        ("hanging_consumer_thread", "the consumer's thread last turned"),
    ],
)
def test_what_hangs_is_death(flow: Stream, fault: str, reason: str) -> None:
    flow.create_topics()
    worker = start(flow, fault)
    flow.feed(reviews(1_000))
    wait_for_death(worker, reason)


def test_a_consumer_thread_that_ended_is_death_or_the_end(flow: Stream) -> None:
    flow.create_topics()
    worker = start(flow, "dead_consumer_thread")
    flow.feed(reviews(100))
    wait_until(lambda: not worker.is_running or worker.get("/livez")[0] == 503, 60, worker.text)
    if worker.is_running:
        assert "the consumer's thread last turned" in worker.get("/livez")[1]
    else:
        assert worker.wait() in {70, 75}


def test_a_stuck_partition_is_death_although_the_other_moves(flow: Stream) -> None:
    flow.create_topics(partitions=2)
    worker = start(flow, "stuck_partition")
    deadline = time.monotonic() + 60
    while worker.get("/livez")[0] == 200:
        assert time.monotonic() < deadline, worker.text()
        flow.feed(reviews(20))
        time.sleep(0.2)
    assert "none has moved in partition 0, limit" in worker.get("/livez")[1]


def test_a_coordinator_that_failed_for_good_ends_the_process(flow: Stream) -> None:
    flow.create_topics()
    first = start(flow, "failed_coordinator")
    flow.start_worker()
    assert first.wait(within_s=180) == 75
    assert {"coordinator_failed", "faust_crashed"} & set(first.events())  # whichever sees it first


def test_a_reload_that_hangs_stops_nothing_and_a_pool_of_them_is_death(flow: Stream, tmp_path: Path) -> None:
    flow.create_topics()
    model = tmp_path / "model"
    shutil.copytree(bundled("champion"), model)
    worker = start(flow, model_path=str(model), drain_timeout_s="3")
    (model / "manifest.json").unlink()
    os.mkfifo(model / "manifest.json")  # whoever opens it waits for a writer
    worker.send(signal.SIGHUP)
    flow.feed(reviews(100))
    assert_live_for(LONGER_THAN_THE_LIMITS_S, worker)
    flow.wait_for_outputs(100)
    for _ in range((os.cpu_count() or 1) + 4):  # as many as asyncio's pool has
        worker.send(signal.SIGHUP)
        time.sleep(0.2)
    wait_for_death(worker, "the thread pool last turned")
    flow.feed(reviews(100, start=100))
    flow.wait_for_outputs(200)
    assert worker.terminate() == 0


def test_an_empty_topic_and_a_standby_are_no_death(flow: Stream) -> None:
    flow.create_topics(partitions=1)
    workers = [start(flow), start(flow)]
    assert_live_for(LONGER_THAN_THE_LIMITS_S, *workers)
    partitions = [worker.get("/metrics")[1].count("stream_app_assigned_partitions 1.0") for worker in workers]
    assert sorted(partitions) == [0, 1]


def test_a_paused_partition_is_no_death(flow: Stream) -> None:
    flow.create_topics(partitions=1)
    worker = start(flow)
    flow.feed((b"k", b"bad") for _ in range(600))
    wait_until(lambda: "partition_paused" in worker.events(), 60, worker.text)
    flow.feed(reviews(3_000))
    assert_live_for(LONGER_THAN_THE_LIMITS_S, worker)
    assert flow.outputs() < 3_600
    assert worker.get("/readyz")[0] == 503


def test_a_long_rebalance_is_no_death(flow: Stream) -> None:
    flow.create_topics(partitions=2)
    first, silent = start(flow, session_timeout_s="20"), start(flow, session_timeout_s="20")
    silent.send(signal.SIGSTOP)
    revoked = first.events().count("partitions_revoked")
    flow.start_worker(session_timeout_s="20")  # the group waits for the silent one to join anew
    wait_until(lambda: first.events().count("partitions_revoked") > revoked, 60, first.text)
    assigned = first.events().count("partitions_assigned")
    flow.feed(reviews(100))
    assert_live_for(LONGER_THAN_THE_LIMITS_S, first)
    assert first.events().count("partitions_assigned") == assigned, "it was to last longer than that"
    flow.wait_for_outputs(100)
    assert_live_for(1, first)


def test_a_long_outage_is_no_death(own_broker: LocalBroker, topic_name: str, tmp_path: Path) -> None:
    with stream(own_broker.bootstrap_servers, topic_name, tmp_path) as flow:
        flow.create_topics()
        worker = start(flow, "patient")
        flow.feed(reviews(20_000))
        own_broker.suspend()
        assert_live_for(30, worker)
        own_broker.resume()
        assert_live_for(5, worker)
        flow.wait_until_nothing_is_lost()
        assert_live_for(1, worker)
