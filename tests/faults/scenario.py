"""A fault: what is done, what the user sees, and the run that measures what became of every review."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple

from stream_app.account import Verdict
from stream_app.kafka.broker import LocalBroker, local_broker
from tests.faults.artefacts import dump_topics
from tests.stream import Stream, stream

Section = Literal["Worker", "Broker", "Cluster", "Network", "Topics", "Machine"]
Guarantee = Literal["at_least_once", "exactly_once"]

RECOVERED_WITHIN_S: Final = 15.0


class Outcome(NamedTuple):
    """What a run has measured.

    Attributes:
        verdict: the account of every input.
        recovered_s: seconds from the end of the fault to the next new output; None where nothing had stopped.
        note: what else was seen, in words.
        out_of_order: results that came behind a later one of their key; repeats are not counted.
        destroyed: inputs that the fault itself took away before anyone could read them: that many are lost.
        asked_again: duplicates that a person has asked for: so many there are to be, whatever the guarantee.
        held: the most outputs within a commit interval and a late commit: what a kill may repeat.
    """

    verdict: Verdict
    recovered_s: float | None = None
    note: str = ""
    out_of_order: int = 0
    destroyed: int = 0
    asked_again: int = 0
    held: int = 0


class NotHere(Exception):  # noqa: N818 - nothing has failed
    """The machine lacks what the scenario needs; the message says what."""


@dataclass(frozen=True)
class Stage:
    """What a scenario works with, all of it its own.

    Attributes:
        folder: for logs and data; kept when the run fails.
        chance: everything random comes from here, so that a seed repeats a run.
        guarantee: the processing guarantee of the workers.
    """

    folder: Path
    chance: random.Random
    guarantee: Guarantee = "at_least_once"

    @contextmanager
    def broker(self) -> Iterator[LocalBroker]:
        """A broker that may be ended, suspended and started again."""
        with local_broker(port=0) as started:
            yield started

    @contextmanager
    def stream(
        self, bootstrap_servers: str, prefix: str = "reviews", *, dump: bool = True
    ) -> Iterator[Stream]:
        """Topics (not yet made) and a group; workers started from it have the stage's guarantee.

        With `dump` the topics are written to the folder at the end; it is kept when the run has failed.
        """
        with stream(bootstrap_servers, prefix, self.folder, processing_guarantee=self.guarantee) as made:
            try:
                yield made
            finally:
                if dump:
                    dump_topics(made, self.folder)


class Scenario(NamedTuple):
    """One row of docs/faults.md.

    Attributes:
        name: in snake case; also of its test.
        section: where the fault strikes.
        fault: what is done, for a reader who knows Kafka.
        seen: what a user sees meanwhile and afterwards: in log, metrics, health pages, exit code.
        run: does it and measures.
        is_slow: longer than 30 s, so not part of `make faults`.
        repeats: the most duplicates that at-least-once allows here, or `Outcome.held` if that is more;
            0: none, since no process was killed or cut off.
        within_s: the longest time from the end of the fault until work has resumed.
    """

    name: str
    section: Section
    fault: str
    seen: str
    run: Callable[[Stage], Outcome]
    is_slow: bool = False
    repeats: int = 0
    within_s: float = RECOVERED_WITHIN_S
