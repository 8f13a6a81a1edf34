"""The account after faults: nothing lost, and repeats only where a process was killed."""

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_app.kafka.broker import Broker, LocalBroker
from tests.stream import Stream, reviews, stream, wait_until

pytestmark = pytest.mark.broker

RATE_PER_S = 1_000
COMMIT_INTERVAL_S = 0.5


@pytest.fixture
def flow(broker: Broker, topic_name: str, tmp_path: Path) -> Iterator[Stream]:
    with stream(broker.bootstrap_servers, topic_name, tmp_path) as made:
        made.create_topics()
        yield made


@pytest.fixture
def breakable(own_broker: LocalBroker, topic_name: str, tmp_path: Path) -> Iterator[Stream]:
    with stream(own_broker.bootstrap_servers, topic_name, tmp_path) as made:
        made.create_topics()
        yield made


class Feeding:
    """Feeds in the background, so that the fault falls into the middle of it."""

    def __init__(self, flow: Stream, count: int) -> None:
        self._thread = threading.Thread(target=flow.feed, args=(reviews(count), RATE_PER_S))

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._thread.join()


def test_after_kill_9_a_second_worker_takes_over(flow: Stream) -> None:
    first = flow.start_worker(session_timeout_s="6")
    first.wait_until_ready()
    with Feeding(flow, 4_000):
        flow.wait_for_outputs(1_000)
        first.kill()
        flow.start_worker(session_timeout_s="6")
    verdict = flow.wait_until_nothing_is_lost()
    assert (verdict.reviews, verdict.results, verdict.strange) == (4_000, 4_000, 0)
    in_a_commit_interval = RATE_PER_S * (COMMIT_INTERVAL_S + 1)
    assert verdict.duplicates <= in_a_commit_interval


def test_after_kill_9_a_waiting_worker_takes_over(flow: Stream) -> None:
    workers = [flow.start_worker(session_timeout_s="6") for _ in range(2)]
    for worker in workers:
        worker.wait_until_ready()
    with Feeding(flow, 4_000):
        flow.wait_for_outputs(1_000)
        workers[0].kill()
    verdict = flow.wait_until_nothing_is_lost()
    assert (verdict.results, verdict.strange) == (4_000, 0)


def test_sigterm_in_mid_stream_loses_and_repeats_nothing(flow: Stream) -> None:
    first = flow.start_worker()
    first.wait_until_ready()
    with Feeding(flow, 4_000):
        flow.wait_for_outputs(1_000)
        assert first.terminate() == 0
        flow.start_worker()
    verdict = flow.wait_until_nothing_is_lost()
    assert (verdict.results, verdict.duplicates, verdict.strange) == (4_000, 0, 0)


def test_sigterm_under_backlog_loses_and_repeats_nothing(flow: Stream) -> None:
    flow.feed(reviews(60_000))
    for _ in range(3):
        worker = flow.start_worker()
        flow.wait_for_outputs(flow.outputs() + 1)
        assert worker.terminate() == 0
    flow.start_worker()
    verdict = flow.wait_until_nothing_is_lost()
    assert (verdict.results, verdict.duplicates, verdict.strange) == (60_000, 0, 0)


def test_workers_that_join_and_leave_lose_and_repeat_nothing(flow: Stream) -> None:
    first = flow.start_worker()
    first.wait_until_ready()
    with Feeding(flow, 6_000):
        flow.wait_for_outputs(1_000)
        second = flow.start_worker()
        second.wait_until_ready()
        wait_until(lambda: "stream_app_assigned_partitions 2.0" in first.get("/metrics")[1], 20, first.text)
        assert first.terminate() == 0
    verdict = flow.wait_until_nothing_is_lost()
    assert (verdict.results, verdict.duplicates, verdict.strange) == (6_000, 0, 0)


def test_a_refused_produce_ends_the_worker_without_losing_a_review(flow: Stream) -> None:
    worker = flow.start_worker()
    worker.wait_until_ready()
    flow.feed(reviews(100))
    flow.wait_for_outputs(100)
    flow.set_config(flow.results, max_message_bytes="700")
    flow.feed(reviews(400, start=100))
    assert worker.wait() == 75
    assert "MessageSizeTooLarge" in worker.text()
    flow.set_config(flow.results, max_message_bytes="1048588")
    flow.start_worker()
    verdict = flow.wait_until_nothing_is_lost()
    assert (verdict.reviews, verdict.results, verdict.strange) == (500, 500, 0)


def test_poison_among_good_reviews_stops_none_when_a_worker_is_killed(flow: Stream) -> None:
    worker = flow.start_worker(session_timeout_s="6")
    worker.wait_until_ready()
    mixed = [(key, value if number % 50 else b"\xff") for number, (key, value) in enumerate(reviews(2_000))]
    flow.feed(mixed[:1_000])
    worker.kill()
    flow.start_worker(session_timeout_s="6")
    flow.feed(mixed[1_000:])
    verdict = flow.wait_until_nothing_is_lost()
    assert (verdict.results, verdict.dead_letters) == (1_960, 40)


@pytest.mark.parametrize("fault", ["terminate", "kill"])
def test_a_broker_restart_loses_nothing(breakable: Stream, own_broker: LocalBroker, fault: str) -> None:
    worker = breakable.start_worker()
    worker.wait_until_ready()
    with Feeding(breakable, 4_000):
        breakable.wait_for_outputs(1_000)
        own_broker.terminate() if fault == "terminate" else own_broker.kill()
        time.sleep(2)
        own_broker.start()
    verdict = breakable.wait_until_nothing_is_lost()
    assert (verdict.reviews, verdict.results, verdict.strange) == (4_000, 4_000, 0)
    assert worker.get("/livez")[0] == 200


def test_sigterm_while_the_broker_is_away_ends_in_time(breakable: Stream, own_broker: LocalBroker) -> None:
    worker = breakable.start_worker(drain_timeout_s="3")
    worker.wait_until_ready()
    own_broker.kill()
    worker.send(signal.SIGTERM)
    assert worker.wait(within_s=10) == 0


def test_a_worker_waits_for_a_broker_that_is_not_there_yet(
    breakable: Stream, own_broker: LocalBroker
) -> None:
    breakable.feed(reviews(10))
    own_broker.terminate()
    worker = breakable.start_worker()
    wait_until(lambda: "waiting_for_broker" in worker.events(), 30, worker.text)
    assert worker.get("/livez")[0] == 200
    assert worker.get("/readyz")[0] == 503
    own_broker.start()
    breakable.wait_for_outputs(10)
