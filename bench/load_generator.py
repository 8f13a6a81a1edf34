"""Sends reviews on an open-loop schedule, in a process of its own, and says how punctual it was."""

import argparse
import json
import signal
import time
from pathlib import Path
from threading import Event
from typing import Final

from confluent_kafka import Producer

from bench.account import key_of
from bench.cluster import PARTITIONS
from bench.schedule import Schedule
from bench.statistics import quantile

_LINGER_MS: Final = 5
_BATCHED_FROM_PER_S: Final = 5_000


def linger_ms(rate: float) -> int:
    """How long a review waits for others to share its batch: not at all, so that no wait is counted but ours.

    Ten thousand a second in batches of their own would keep the broker busy with those batches alone. So from
    5,000 on the sender does as Kafka's and librdkafka's producers do by default (`linger.ms=5`).
    """
    return _LINGER_MS if rate >= _BATCHED_FROM_PER_S else 0


def send(  # noqa: PLR0913, PLR0917 - what to send, where, when, and until when
    producer: Producer, topic: str, values: list[bytes], schedule: Schedule, first_key: int, stopped: Event
) -> list[float]:
    """Send all reviews, or those until stopped, each when it is due, with keys that go on from the first.

    Returns:
        By how many seconds each was sent late.
    """
    lateness: list[float] = []
    while len(lateness) < schedule.reviews and not stopped.is_set():
        for number in range(len(lateness), schedule.due(time.monotonic())):
            value = values[number % len(values)]
            producer.produce(topic, value, key_of(first_key + number), number % PARTITIONS)
            lateness.append(time.monotonic() - schedule.intended(number))
        producer.poll(0)
        if len(lateness) < schedule.reviews:
            stopped.wait(max(0.0, schedule.intended(len(lateness)) - time.monotonic()))
    return lateness


def main() -> None:
    """Send until done or SIGTERM, and print how much and how punctual that was as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--bootstrap-servers", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--values", type=Path, required=True, help="a file with a record's value per line")
    parser.add_argument("--start-s", type=float, required=True, help="on the monotonic clock")
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--reviews", type=int, required=True)
    parser.add_argument("--first-key", type=int, default=0)
    options = parser.parse_args()
    producer = Producer(
        {"bootstrap.servers": options.bootstrap_servers, "linger.ms": linger_ms(options.rate)}
    )
    producer.list_topics(options.topic)  # connects
    values = options.values.read_bytes().splitlines()
    schedule = Schedule(options.start_s, options.rate, options.reviews)
    stopped = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    lateness = send(producer, options.topic, values, schedule, options.first_key, stopped)
    sent = len(lateness) - producer.flush(30)
    print(json.dumps({"sent": sent, "late_p99_ms": quantile(lateness, 0.99) * 1000}))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
