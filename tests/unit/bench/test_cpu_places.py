import sys
from itertools import count

import pytest

from bench.cpu_places import LOOP, OTHER, place_of
from bench.sampled_worker import Sampler, since, stack

PUBLISH = ("/x/stream_app/kafka/publish.py", "_send")
WORKER = ("/x/stream_app/worker.py", "_classify_slice")
PRODUCER = ("/x/aiokafka/producer/sender.py", "_send_produce_req")


@pytest.mark.parametrize(
    ("frames", "place"),
    [
        ([("/x/stream_app/core/scoring.py", "probabilities"), WORKER], "core"),
        ([("/x/msgspec/__init__.py", "encode"), PUBLISH, WORKER], "publish"),
        (
            [("/x/aiokafka/conn.py", "send"), PRODUCER, ("/lib/asyncio/events.py", "_run")],
            "produce, broker's acks (aiokafka)",
        ),
        ([("/x/faust/transport/consumer.py", "_commit_offsets")], "commit, heartbeat"),
        ([("/x/faust/transport/consumer.py", "_drain_messages")], "delivery (Faust)"),
        ([("/x/stream_app/kafka/transport.py", "ack")], "ack, exact offsets"),
        (
            [("/x/stream_app/histograms.py", "add"), ("/x/stream_app/metrics.py", "published")],
            "metrics, health, breaker",
        ),
        ([WORKER], "worker"),
        ([("/lib/selectors.py", "select"), ("/lib/asyncio/base_events.py", "run_forever")], LOOP),
        ([], OTHER),
    ],
)
def test_the_innermost_known_place_counts(frames: list[tuple[str, str]], place: str) -> None:
    assert place_of(frames) == place


def test_a_stack_is_told_from_within() -> None:
    def inner() -> list[tuple[str, str]]:
        return list(stack(sys._getframe()))

    functions = [function for _, function in inner()]
    assert functions[:2] == ["inner", "test_a_stack_is_told_from_within"]


def burn() -> None:
    sum(number * number for number in range(300_000))


def test_time_in_the_core_belongs_to_the_stage_that_ends_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.sampled_worker.place_of", lambda _: "core")
    sampler = Sampler()
    burn()
    sampler.look(0, None)
    assert not sampler.seconds  # nothing counts before the first slice
    sampler.stage_ended("decode")
    burn()
    sampler.look(0, None)
    sampler.stage_ended("split")
    sampler.stage_ended("score")
    assert sampler.seconds["split"] > sampler.seconds["score"] == 0


def test_a_thread_under_the_name_of_one_that_ended_took_no_negative_time() -> None:
    assert since(0.5, 0.75) == 0.25
    assert since(0.8, 0.25) == 0.25


def test_a_signal_during_a_look_counts_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the second look the first would take its threads for new ones, with all they ever took."""
    sampler, clock = Sampler(), count(1_000.0)
    signals: list[str] = []

    def read(_: int) -> float:
        seconds = next(clock)
        if signals:
            signals.pop()
            sampler.look(0, None)
        return seconds

    monkeypatch.setattr("bench.sampled_worker.cpu_s", read)
    sampler.stage_ended("decode")
    signals.append("SIGPROF")
    sampler.look(0, None)
    assert not signals
    assert 0 < sum(sampler.seconds.values()) < 1_000
