import time
from threading import Event
from typing import TYPE_CHECKING, cast

from bench.load_generator import linger_ms, send
from bench.schedule import Schedule

if TYPE_CHECKING:
    from confluent_kafka import Producer


class Sent:
    """A producer that notes what it is given, and stops the sender after some."""

    def __init__(self, stopped: Event, stop_after: int) -> None:
        self.keys: list[bytes] = []
        self._stopped = stopped
        self._stop_after = stop_after

    def produce(self, _topic: str, _value: bytes, key: bytes, _partition: int) -> None:
        self.keys.append(key)
        if len(self.keys) == self._stop_after:
            self._stopped.set()

    def poll(self, _timeout: float) -> int:
        return 0


def sent(schedule: Schedule, stop_after: int) -> tuple[list[bytes], list[float]]:
    stopped = Event()
    producer = Sent(stopped, stop_after)
    lateness = send(cast("Producer", producer), "topic", [b"a", b"b"], schedule, 100, stopped)
    return producer.keys, lateness


def test_all_are_sent_with_keys_that_go_on_from_the_first() -> None:
    keys, lateness = sent(Schedule(time.monotonic(), 2_000.0, 20), stop_after=0)
    assert keys == [b"%d" % number for number in range(100, 120)]
    assert len(lateness) == 20
    assert min(lateness) >= 0


def test_a_sender_that_is_stopped_sends_no_more_and_knows_what_it_sent() -> None:
    keys, lateness = sent(Schedule(time.monotonic(), 1_000.0, 1_000_000), stop_after=5)
    assert 5 <= len(keys) < 1_000_000
    assert len(lateness) == len(keys)


def test_reviews_share_batches_where_there_are_many() -> None:
    assert [linger_ms(rate) for rate in (10, 3_000, 10_000)] == [0, 0, 5]
