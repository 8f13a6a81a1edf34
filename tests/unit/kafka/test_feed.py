from collections.abc import Iterator

import pytest
from confluent_kafka import Producer

from stream_app.kafka.connection import Connection
from stream_app.kafka.feed import FeedProgress, FeedWatch, _Feed
from stream_app.review_files import FeedRecord, Problem

COUNT = 2


@pytest.fixture
def producer() -> Iterator[Producer]:
    """Has room for one record, has no broker, and gives up on a record after a moment."""
    config = Connection("127.0.0.1:1").confluent_config("test")
    config |= {"queue.buffering.max.messages": 1, "delivery.timeout.ms": 20, "linger.ms": 0}
    with Producer(config) as made:
        yield made


def records() -> list[FeedRecord]:
    return [FeedRecord(b"{}", None, f"line {number}") for number in range(COUNT)]


def test_each_record_is_accounted_for_when_there_is_no_broker_and_no_room(producer: Producer) -> None:
    problems: list[Problem] = []
    told: list[FeedProgress] = []
    watch = FeedWatch(problems.append, told.append)
    progress = _Feed(producer, "reviews.raw", watch).run(
        [*records(), Problem(f"line {COUNT}", "not JSON")], None
    )
    assert (progress.read, progress.malformed, progress.sent) == (COUNT + 1, 1, COUNT)
    assert (progress.acked, progress.failed, progress.rate) == (0, COUNT, 0)
    assert {problem.place for problem in problems} == {f"line {number}" for number in range(COUNT + 1)}
    assert all("reviews.raw" in problem.message for problem in problems if problem.message != "not JSON")
    assert told[-1].failed == COUNT


def test_what_was_sent_is_accounted_for_when_reading_is_interrupted(producer: Producer) -> None:
    def interrupted() -> Iterator[FeedRecord]:
        yield from records()
        raise KeyboardInterrupt

    told: list[FeedProgress] = []
    with pytest.raises(KeyboardInterrupt):
        _Feed(producer, "reviews.raw", FeedWatch(progress=told.append)).run(interrupted(), None)
    assert (told[-1].sent, told[-1].failed) == (COUNT, COUNT)


def test_a_record_that_the_producer_refuses_counts_as_failed(producer: Producer) -> None:
    problems: list[Problem] = []
    large = FeedRecord(b"x" * 2_000_000, None, "line 1")
    progress = _Feed(producer, "reviews.raw", FeedWatch(problems.append)).run([large], None)
    assert (progress.sent, progress.failed) == (1, 1)
    assert problems[0].place == "line 1"
    assert "too large" in problems[0].message


def test_the_rate_counts_what_the_broker_has() -> None:
    assert FeedProgress(read=30, sent=30, acked=20, failed=10, seconds=4.0).rate == 5.0
    assert FeedProgress().rate == 0
