"""Which of aiokafka's warnings are kept back."""

import logging

from aiokafka.errors import NotEnoughReplicasError, NotLeaderForPartitionError
from aiokafka.structs import TopicPartition

from stream_app.kafka.expected_retries import ExpectedRetries, FewPerSecond
from stream_app.logs import Sampler

FIRST, SECOND = TopicPartition("t", 0), TopicPartition("t", 1)


def warning(at: float, *args: object) -> logging.LogRecord:
    record = logging.LogRecord("aiokafka", logging.WARNING, "", 0, "%s %s", args, None)
    record.created = at
    return record


def passed(retries: ExpectedRetries, *times: float, partition: TopicPartition = FIRST) -> list[float]:
    return [at for at in times if retries.filter(warning(at, partition, NotEnoughReplicasError))]


def test_retries_between_two_transactions_are_no_news() -> None:
    assert passed(ExpectedRetries(), 0.0, 0.02, 0.5, 2.0, 2.02, 9.0) == []


def test_retries_that_last_are_told() -> None:
    assert passed(ExpectedRetries(), 0.0, 0.4, 0.8, 1.2, 1.6, 5.0) == [1.2, 1.6]


def test_each_partition_has_its_own_time() -> None:
    retries = ExpectedRetries()
    assert passed(retries, 0.0, 0.9) == []
    assert passed(retries, 1.1, 1.8, partition=SECOND) == []
    assert passed(retries, 1.8) == [1.8]


def test_other_warnings_pass() -> None:
    retries = ExpectedRetries()
    assert retries.filter(warning(0.0, FIRST, NotLeaderForPartitionError))
    assert retries.filter(warning(0.0, "one argument"))
    assert retries.filter(warning(0.0))


def test_a_storm_is_thinned_out() -> None:
    now = [0.0]
    few = FewPerSecond(Sampler(lambda: now[0], per_second=2))
    assert [few.filter(warning(0.0)) for _ in range(4)] == [True, True, False, False]
    now[0] = 1.0
    assert few.filter(warning(0.0))
