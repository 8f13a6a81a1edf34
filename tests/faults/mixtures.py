"""Faults of workers and brokers that can strike in the middle of a long run, in random mixtures."""

import random
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

from stream_app.kafka.broker import LocalBroker
from tests.faults.fleet import Fleet
from tests.faults.rebalances import storm
from tests.faults.trial import suspend
from tests.stream import Stream

FLEET: Final = 3
"""How many workers there are; the first is spared."""
_MIXED_SHARE: Final = 0.25
_WORKER_SHARE: Final = 0.65


@dataclass(frozen=True)
class Ground:
    """Where the faults strike."""

    broker: LocalBroker
    flow: Stream
    fleet: Fleet


class Fault(NamedTuple):
    """A fault that was drawn, with all its figures.

    Attributes:
        kind: what it is called.
        strike: does it, and returns when it has ended.
        seconds: how long it lasts; None where it is over at once.
        cuts: how many processes lose what a commit interval held.
    """

    kind: str
    strike: Callable[[Ground], None]
    seconds: float | None = None
    cuts: int = 0


def draw(chance: random.Random) -> list[Fault]:
    """The next fault, or two at once: one of the workers and one of the broker."""
    worker, broker = _worker_fault(chance), _broker_fault(chance)
    if chance.random() < _MIXED_SHARE:
        return [worker, broker]
    return [worker if chance.random() < _WORKER_SHARE else broker]


def strike(faults: Sequence[Fault], ground: Ground) -> None:
    """Do them, at the same time, and wait for the end of the last."""
    with ThreadPoolExecutor(len(faults)) as pool:
        for done in [pool.submit(fault.strike, ground) for fault in faults]:
            done.result()


def _worker_fault(chance: random.Random) -> Fault:
    one, all_but_the_first = chance.randrange(1, FLEET), range(1, FLEET)
    stopped_s, storm_s = round(chance.uniform(1, 30), 1), round(chance.uniform(3, 10), 1)
    return chance.choice(
        [
            Fault("worker_kill_9", partial(_end, [one], signal.SIGKILL), cuts=1),
            Fault("worker_kill_9_of_two", partial(_end, all_but_the_first, signal.SIGKILL), cuts=2),
            Fault("worker_sigterm", partial(_end, [one], signal.SIGTERM)),
            Fault("worker_sigstop", partial(_suspend_worker, one, stopped_s), stopped_s, cuts=1),
            Fault("rebalance_storm", partial(_storm, storm_s), storm_s),
        ]
    )


def _broker_fault(chance: random.Random) -> Fault:
    stopped_s, away_s = round(chance.uniform(1, 15), 1), round(chance.uniform(1, 30), 1)
    return chance.choice(
        [
            Fault("broker_sigterm", partial(_away, LocalBroker.terminate, away_s), away_s, cuts=FLEET),
            Fault("broker_kill_9", partial(_away, LocalBroker.kill, away_s), away_s, cuts=FLEET),
            Fault("broker_sigstop", partial(_suspend_broker, stopped_s), stopped_s, cuts=FLEET),
        ]
    )


def _end(places: Sequence[int], number: signal.Signals, on: Ground) -> None:
    members = [on.fleet.members[place] for place in places]
    for member in members:
        on.fleet.end(member, number)


def _suspend_worker(place: int, seconds: float, on: Ground) -> None:
    suspend(on.fleet.members[place], seconds)


def _storm(seconds: float, on: Ground) -> None:
    ends_at = time.monotonic() + seconds
    storm(on.flow.connection, on.flow.group, on.flow.input, lambda: time.monotonic() > ends_at)


def _suspend_broker(seconds: float, on: Ground) -> None:
    on.broker.suspend()
    time.sleep(seconds)
    on.broker.resume()


def _away(end: Callable[[LocalBroker], None], seconds: float, on: Ground) -> None:
    end(on.broker)
    time.sleep(seconds)
    on.broker.start()
