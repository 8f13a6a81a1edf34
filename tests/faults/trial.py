"""A fault on trial: a broker, a stream that is fed in the background, and the oracle."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from stream_app.kafka.broker import LocalBroker
from tests.faults.feeder import Feeder
from tests.faults.inputs import inputs
from tests.faults.oracle import LOG_APPEND_TIME, Oracle
from tests.faults.scenario import Outcome, Stage
from tests.stream import Stream, WorkerProcess, wait_until

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
    """

    def __init__(self, broker: LocalBroker, flow: Stream, count: int) -> None:
        self.broker, self.flow = broker, flow
        self.oracle = Oracle(flow, POISON_EVERY)
        self.count = count
        self._feeder: Feeder | None = None

    def start_worker(self, **settings: str) -> WorkerProcess:
        """A worker that is on its way."""
        return self.flow.start_worker(**{"session_timeout_s": str(SESSION_S)} | settings)

    def start_workers(self, count: int) -> list[WorkerProcess]:
        """Workers that are ready."""
        workers = [self.start_worker() for _ in range(count)]
        for worker in workers:
            worker.wait_until_ready()
        return workers

    def feed(self, per_s: float = PER_S, *, waiting: bool = True) -> None:
        """Feed in the background from now on; returns when a quarter has come out, or at once."""
        records = inputs(self.count, poison_every=POISON_EVERY)
        self._feeder = Feeder(self.flow.connection, self.flow.input, records, per_s)
        if waiting:
            self.flow.wait_for_outputs(self.count // 4)

    def outcome(self, fault_ended_at: float | None = None, note: str = "") -> Outcome:
        """The verdict, when every input has an output and the workers have drained.

        Args:
            fault_ended_at: seconds since the epoch; None where nothing was to stop.
            note: what else was seen.
        """
        assert self._feeder is not None, "nothing was fed"
        fed = self._feeder.join()
        wait_until(lambda: self._is_done(fed), 60, lambda: self._missing(fed))
        codes = self.flow.terminate_workers()
        assert set(codes) <= {0}, f"workers ended with {codes} after SIGTERM"
        self.oracle.read_on()
        ledger = self.oracle.ledger
        recovered_s = (
            None if fault_ended_at is None else self.oracle.progress.resumed_after_s(fault_ended_at * 1000)
        )
        return Outcome(ledger.close(fed), recovered_s, note, ledger.out_of_order)

    def _is_done(self, fed: int) -> bool:
        self.oracle.read_on()
        return self.oracle.ledger.done >= fed

    def _missing(self, fed: int) -> str:
        lost = self.oracle.ledger.lost(fed)
        return f"{len(lost)} of {fed} inputs have no output: {lost[:20]}…\n{self.flow.logs()}"


@contextmanager
def trial(stage: Stage, count: int = 4_000) -> Iterator[Trial]:
    """A trial with its broker and topics, and no worker yet."""
    with stage.broker() as broker, stage.stream(broker.bootstrap_servers) as flow:
        flow.create_topics(results=LOG_APPEND_TIME, dead_letters=LOG_APPEND_TIME)
        yield Trial(broker, flow, count)


def suspend(worker: WorkerProcess, seconds: float) -> None:
    """SIGSTOP, and SIGCONT that much later."""
    worker.send(signal.SIGSTOP)
    time.sleep(seconds)
    worker.send(signal.SIGCONT)
