"""Exactly-once: after each fault a reader of committed records finds one output for each review."""

import signal
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from stream_app.account import Verdict
from stream_app.kafka.broker import Broker, LocalBroker
from stream_app.kafka.reader import committed, end_offsets
from tests.stream import FeedRecord, Stream, WorkerProcess, reviews, stream, wait_until

pytestmark = pytest.mark.broker

RATE_PER_S = 1_000
POISON_EVERY = 50
SETTINGS: Mapping[str, str] = {
    "processing_guarantee": "exactly_once",
    "session_timeout_s": "6",
    "drain_timeout_s": "20",
}


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


def mixed(count: int) -> list[FeedRecord]:
    """Reviews, and a record that is none among every fifty."""
    records = enumerate(reviews(count))
    return [(key, value if number % POISON_EVERY else b"\xff") for number, (key, value) in records]


class Feeding:
    """Feeds in the background, so that the fault falls into the middle of it."""

    def __init__(self, flow: Stream, count: int) -> None:
        self._thread = threading.Thread(target=flow.feed, args=(mixed(count), RATE_PER_S))

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._thread.join()


def started(flow: Stream) -> WorkerProcess:
    worker = flow.start_worker(**SETTINGS)
    worker.wait_until_ready(within_s=120)
    return worker


def is_exact(verdict: Verdict, count: int) -> bool:
    letters = -(-count // POISON_EVERY)
    found = (verdict.results, verdict.dead_letters, verdict.duplicates, verdict.strange, verdict.lost)
    return found == (count - letters, letters, 0, 0, 0)


def assert_exact(flow: Stream, count: int) -> None:
    """Now, and when whoever still has something to say has had the time for it."""
    verdict = flow.wait_until_nothing_is_lost(within_s=120)
    assert is_exact(verdict, count), verdict
    wait_until(
        lambda: (
            committed(flow.connection, flow.group, flow.input) == end_offsets(flow.connection, flow.input)
        ),
        20,
        str,
    )
    verdict = flow.verdict()
    assert is_exact(verdict, count), verdict
    assert is_in_order(flow)


def is_in_order(flow: Stream) -> bool:
    """Whether the results of each input partition are in the order of its offsets."""
    offsets: defaultdict[int, list[int]] = defaultdict(list)
    for result in flow.decoded_results():
        assert result.source
        offsets[result.source.partition].append(result.source.offset)
    return all(of_partition == sorted(of_partition) for of_partition in offsets.values())


def test_after_kill_9_a_second_worker_goes_on_where_the_first_had_committed(flow: Stream) -> None:
    first = started(flow)
    with Feeding(flow, 4_000):
        flow.wait_for_outputs(1_000)
        first.kill()
        flow.start_worker(**SETTINGS)
    assert_exact(flow, 4_000)


def test_sigterm_finishes_and_commits_what_is_in_work(flow: Stream) -> None:
    flow.feed(mixed(100_000))
    for _ in range(3):
        worker = flow.start_worker(**SETTINGS)
        flow.wait_for_outputs(flow.outputs() + 1)
        assert worker.terminate() == 0
        assert "drain_done" in worker.events()
        done = sum(committed(flow.connection, flow.group, flow.input).values())
        verdict = flow.verdict()
        assert (verdict.results + verdict.dead_letters, verdict.duplicates) == (done, 0)
    flow.start_worker(**SETTINGS)
    assert_exact(flow, 100_000)


def test_workers_that_join_and_leave_finish_what_is_in_work_before_they_give_it_up(flow: Stream) -> None:
    first = started(flow)
    with Feeding(flow, 6_000):
        flow.wait_for_outputs(1_000)
        second = flow.start_worker(**SETTINGS)
        second.wait_until_ready(within_s=120)
        wait_until(lambda: "stream_app_assigned_partitions 2.0" in first.get("/metrics")[1], 20, first.text)
        assert first.terminate() == 0
    assert_exact(flow, 6_000)
    assert second.is_running
    assert "slice_failed" not in first.events() + second.events()


@pytest.mark.parametrize("fault", ["terminate", "kill"])
def test_a_broker_restart_repeats_nothing(breakable: Stream, own_broker: LocalBroker, fault: str) -> None:
    worker = started(breakable)
    with Feeding(breakable, 4_000):
        breakable.wait_for_outputs(1_000)
        own_broker.terminate() if fault == "terminate" else own_broker.kill()
        time.sleep(2)
        own_broker.start()
        wait_until(lambda: breakable.outputs() > 0, 30, worker.text)
        if not worker.is_running:
            assert worker.wait() == 75
            breakable.start_worker(**SETTINGS)
    assert_exact(breakable, 4_000)


def test_a_worker_that_was_given_up_for_dead_and_goes_on_repeats_nothing(flow: Stream) -> None:
    zombie = started(flow)
    with Feeding(flow, 16_000):
        flow.wait_for_outputs(1_000)
        zombie.send(signal.SIGSTOP)
        other = flow.start_worker(**SETTINGS)
        other.wait_until_ready(within_s=120)
        taken_over = flow.outputs()
        flow.wait_for_outputs(taken_over + 500)
        zombie.send(signal.SIGCONT)
    assert_exact(flow, 16_000)
    assert other.is_running
    if not zombie.is_running:
        assert zombie.wait() == 75
        assert "ProducerFenced" in zombie.text()
