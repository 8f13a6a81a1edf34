"""A fault on trial: a broker, a stream that is fed in the background, and the oracle."""

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from stream_app.kafka.broker import LocalBroker
from tests.faults.feeder import Feeder
from tests.faults.inputs import inputs
from tests.faults.judgement import HELD_TENTHS
from tests.faults.oracle import LOG_APPEND_TIME, Oracle
from tests.faults.scenario import Outcome, Stage
from tests.stream import PATIENCE_S, Stream, WorkerProcess, wait_until

PER_S = 1_000
"""Reviews fed in a second."""
POISON_EVERY = 100
SESSION_S = 6
"""The shortest session that is allowed: a scenario waits for its end."""
REPEATS = int(PER_S * 1.5)
"""What a kill may repeat: what was fed in a commit interval (0.5 s) and while a commit is late (1 s)."""


class Trial:
    """What a scenario of workers and brokers works with.

    Args:
        broker: its own.
        flow: its topics and workers.
        count: how many reviews are fed once `feed` is called.
        poison_every: how many reviews come for one poison record, which is among them.
    """

    def __init__(
        self, broker: LocalBroker, flow: Stream, count: int, poison_every: int = POISON_EVERY
    ) -> None:
        self.broker, self.flow = broker, flow
        self.oracle = Oracle(flow, poison_every)
        self.count, self._poison_every = count, poison_every
        self._feeder: Feeder | None = None
        self._fed_before = 0

    def start_worker(self, **settings: str) -> WorkerProcess:
        """A worker that is on its way."""
        return self.flow.start_worker(**{"session_timeout_s": str(SESSION_S)} | settings)

    def start_workers(self, count: int) -> list[WorkerProcess]:
        """Workers that are ready."""
        workers = [self.start_worker() for _ in range(count)]
        for worker in workers:
            worker.wait_until_ready()
        return workers

    def feed(self, per_s: float = PER_S, until: int | None = None) -> None:
        """Feed in the background from now on; returns when so many have come out, else a quarter of all."""
        records = inputs(self.count, poison_every=self._poison_every)
        self._feeder = Feeder(self.flow.connection, self.flow.input, records, per_s)
        self.flow.wait_for_outputs(self.count // 4 if until is None else until)

    def wait_until_fed(self) -> int:
        """How many were fed, all of which the broker holds."""
        assert self._feeder is not None, "feed() was not called"
        return self._fed_before + self._feeder.join()

    def feed_more(self, count: int, per_s: float = PER_S) -> None:
        """Feed so many more, when all before are in, by a producer that knows the topic as it is now."""
        self._fed_before = self.wait_until_fed()
        records = inputs(count, self._fed_before, self._poison_every)
        self._feeder = Feeder(self.flow.connection, self.flow.input, records, per_s)

    def has_put_out(self, count: int) -> bool:
        """Whether so many have come out; the topics' offsets would count the ends of transactions, too."""
        self.oracle.read_on()
        return self.oracle.ledger.outputs >= count

    def outcome(
        self,
        fault_ended_at: float | None = None,
        note: str = "",
        tend: Callable[[], None] = lambda: None,
        destroyed: Callable[[], int] = lambda: 0,
    ) -> Outcome:
        """The verdict, when every input has an output and the workers have drained.

        Args:
            fault_ended_at: seconds since the epoch; None where nothing was to stop.
            note: what else was seen.
            tend: called now and then while it waits for outputs, to start workers that have ended.
            destroyed: how many inputs the fault itself took away, as far as is known by now.
        """
        fed = self.wait_until_fed()
        wait_until(lambda: self._is_done(fed - destroyed(), tend), PATIENCE_S, lambda: self._missing(fed))
        codes = self.flow.terminate_workers()
        assert set(codes) <= {0}, f"workers ended with {codes} after SIGTERM"
        self.oracle.read_to_the_ends()
        ledger = self.oracle.ledger
        return Outcome(
            ledger.close(fed),
            self._recovered_s(fault_ended_at),
            note,
            ledger.out_of_order,
            destroyed(),
            held=self.oracle.progress.most_within(HELD_TENTHS),
        )

    def _recovered_s(self, fault_ended_at: float | None) -> float | None:
        """None, too, where a partition had nothing left to do when the fault ended."""
        if fault_ended_at is None:
            return None
        resumed_after_s = self.oracle.progress.resumed_after_s(fault_ended_at * 1000)
        return resumed_after_s if resumed_after_s < math.inf else None

    def _is_done(self, expected: int, tend: Callable[[], None]) -> bool:
        tend()
        self.oracle.read_on()
        return self.oracle.ledger.done >= expected

    def _missing(self, fed: int) -> str:
        lost = self.oracle.ledger.lost(fed)
        return f"{len(lost)} of {fed} inputs have no output: {lost[:20]}…\n{self.flow.logs()}"


@contextmanager
def trial(stage: Stage, count: int = 4_000, poison_every: int = POISON_EVERY) -> Iterator[Trial]:
    """A trial with its broker and topics, and no worker yet."""
    with stage.broker() as broker, stage.stream(broker.bootstrap_servers) as flow:
        flow.create_topics(results=LOG_APPEND_TIME, dead_letters=LOG_APPEND_TIME)
        yield Trial(broker, flow, count, poison_every)


def suspend(worker: WorkerProcess, seconds: float) -> None:
    """SIGSTOP, and SIGCONT that much later."""
    worker.send(signal.SIGSTOP)
    time.sleep(seconds)
    worker.send(signal.SIGCONT)
