"""What follows from a breaker's change: told to the consumer and to whoever watches."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.structs import TopicPartition
from faust.types import TP

from stream_app.breaker import ProbeDelays
from stream_app.kafka.pauses import Pauses, PauseWatch

FIRST, SECOND = TP("t", 0), TP("t", 1)


class Told:
    """All that a worker's pauses say, in order."""

    def __init__(self) -> None:
        self.lines: list[tuple[Any, ...]] = []
        consumer = SimpleNamespace(
            pause_behind=lambda message: self.lines.append(("fetch no more", message.tp)),
            resume_partitions=self._resume,
        )
        app: Any = SimpleNamespace(consumer=consumer)
        watch = PauseWatch(
            opened=lambda tp, share, delay_s: self.lines.append(("opened", tp, share, delay_s)),
            probed=lambda tp: self.lines.append(("probed", tp)),
            closed=lambda tp: self.lines.append(("closed", tp)),
            paused=lambda partitions: self.lines.append(("paused", *sorted(partitions))),
        )
        self.pauses = Pauses(app, 0.2, ProbeDelays(0, 0), watch)

    def _resume(self, partitions: set[TP]) -> None:
        assert all(isinstance(partition, TP) for partition in partitions), "Faust insists on its own kind"
        self.lines.append(("fetch again", *partitions))

    def take(self) -> list[tuple[Any, ...]]:
        taken, self.lines = self.lines, []
        return taken


@pytest.fixture
def told() -> Told:
    return Told()


def event(partition: TP) -> Any:  # noqa: ANN401 - an event is Faust's
    return SimpleNamespace(message=SimpleNamespace(tp=TopicPartition(*partition)))


def test_a_partition_is_paused_probed_and_goes_on(told: Told) -> None:
    told.pauses.classified(event(FIRST), 400, 400)
    assert told.take() == []
    told.pauses.classified(event(FIRST), 100, 0)
    assert told.take() == [("fetch no more", FIRST), ("opened", FIRST, 0.8, 0), ("paused", FIRST)]
    told.pauses.probe()
    assert told.take() == [("fetch again", FIRST), ("probed", FIRST), ("paused",)]
    told.pauses.classified(event(FIRST), 10, 0)
    assert told.take() == [("closed", FIRST), ("paused",)]


def test_a_revoked_partition_is_not_probed_and_begins_anew(told: Told) -> None:
    for partition in (FIRST, SECOND):
        told.pauses.classified(event(partition), 500, 500)
    told.take()
    told.pauses.revoked({FIRST})
    assert told.take() == [("paused", SECOND)]
    told.pauses.probe()
    assert told.take()[0] == ("fetch again", SECOND)
    told.pauses.classified(event(FIRST), 499, 499)
    assert told.take() == []
