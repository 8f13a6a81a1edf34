"""`stream-app worker` with limits of seconds for `/livez`, and with the faults that the arguments name.

`patient` is no fault: more seconds.
"""

import asyncio
import sys
import threading
from itertools import count
from typing import Any, Never

from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import InvalidRequestError
from faust.types import TP

from stream_app import worker
from stream_app.breaker import ProbeDelays
from stream_app.commands.worker import run_worker
from stream_app.core import isolation
from stream_app.health import LivenessLimits
from stream_app.kafka.consumer import Consumer
from stream_app.kafka.consumer_thread import ConsumerThread
from stream_app.settings import load_settings

LIMITS = LivenessLimits(heartbeat_s=5, stall_s=5)
PATIENT = LivenessLimits(heartbeat_s=5, stall_s=20)  # above what a reading of the lag takes without an answer


def hang(*_: object) -> Never:
    """Block the thread for good."""
    threading.Event().wait()
    raise AssertionError


def wedged_loop() -> None:
    """The event loop blocks at the second slice."""
    classify, slices = isolation.classify_isolating, count()
    worker.classify_isolating = lambda *args: classify(*args) if next(slices) == 0 else hang()  # type: ignore[attr-defined]


def hanging_consumer_thread() -> None:
    """The consumer's thread blocks at the first commit."""

    async def commit(*_: object) -> bool:
        hang()

    ConsumerThread._commit = commit  # type: ignore[method-assign,assignment]


def dead_consumer_thread() -> None:
    """The consumer's thread ends at the first commit."""

    async def commit(*_: object) -> bool:
        raise SystemExit

    ConsumerThread._commit = commit  # type: ignore[method-assign,assignment]


def stuck_partition() -> None:
    """Partition 0 is not fetched."""
    getmany: Any = Consumer._getmany

    async def getmany_without(self: Consumer, active_partitions: set[TP], timeout: float) -> Any:  # noqa: ANN401, ASYNC109 - Faust's signature
        others = {tp for tp in active_partitions if tp.partition != 0}
        if others:  # without any, aiokafka gives all
            return await getmany(self, active_partitions=others, timeout=timeout)
        await asyncio.sleep(0.01)
        return {}

    Consumer._getmany = getmany_without  # type: ignore[method-assign,assignment]


def failed_coordinator() -> None:
    """The second join of the group fails in a way that aiokafka gives up at."""
    join, joins = GroupCoordinator.ensure_active_group, count()

    async def ensure_active_group(self: GroupCoordinator, *args: object) -> object:
        if next(joins) > 0:
            raise InvalidRequestError
        return await join(self, *args)

    GroupCoordinator.ensure_active_group = ensure_active_group


FAULTS = {
    fault.__name__: fault
    for fault in (
        wedged_loop,
        hanging_consumer_thread,
        dead_consumer_thread,
        stuck_partition,
        failed_coordinator,
    )
}

if __name__ == "__main__":
    names = set(sys.argv[1:])
    limits = PATIENT if "patient" in names else LIMITS
    for name in names - {"patient"}:
        FAULTS[name]()
    run_worker(load_settings(), ProbeDelays(first_s=600, longest_s=600), limits)
