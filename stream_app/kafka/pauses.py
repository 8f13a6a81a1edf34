"""Pauses a partition of which too much is dead-lettered, and probes it by itself."""

import time
from collections.abc import Callable, Collection
from typing import NamedTuple

import faust
from faust.events import Event
from faust.types import TP

from stream_app.breaker import Breakers, ProbeDelays
from stream_app.kafka.app import pause_behind, resume


class PauseWatch(NamedTuple):
    """Who is told of pauses.

    Attributes:
        opened: a partition is paused: its share of dead letters, and the seconds to its probe.
        probed: a paused partition is fetched again; its next slice decides.
        closed: that slice was clean.
        paused: the paused partitions now, all of them.
    """

    opened: Callable[[TP, float, float], None]
    probed: Callable[[TP], None]
    closed: Callable[[TP], None]
    paused: Callable[[Collection[TP]], None]


class Pauses:
    """The pauses of one worker.

    Args:
        app: of the worker.
        limit: the share of dead letters, 0 to 1, above which a partition is paused; 1 never.
        delays: between probes.
        watch: is told what happens.
    """

    def __init__(self, app: faust.App, limit: float, delays: ProbeDelays, watch: PauseWatch) -> None:
        self._app = app
        self._breakers: Breakers[TP] = Breakers(limit, delays)
        self._watch = watch

    def classified(self, event: Event, records: int, dead_letters: int) -> None:
        """The event's slice was classified: too many of its partition's records may be dead letters now."""
        partition = TP(*event.message.tp)  # of aiokafka's kind as it comes, which Faust refuses at a resume
        breaker = self._breakers[partition]
        if not breaker.classified(records, dead_letters, time.monotonic()):
            return
        if breaker.state == "open":
            pause_behind(self._app, event)
            self._watch.opened(partition, breaker.share, breaker.delay_s)
        else:
            self._watch.closed(partition)
        self._watch.paused(self._breakers.open)

    def probe(self) -> None:
        """Fetch again from the partitions whose time has come. To be called about once a second."""
        for partition in self._breakers.probes(time.monotonic()):
            resume(self._app, partition)
            self._watch.probed(partition)
            self._watch.paused(self._breakers.open)

    def revoked(self, partitions: Collection[TP]) -> None:
        """A pause lasts no longer than the ownership: whoever gets the partitions judges them anew."""
        self._breakers.forget(partitions)
        self._watch.paused(self._breakers.open)
