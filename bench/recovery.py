"""After a pause: many reviews wait when the worker comes back, and new ones keep coming.

Latency is counted from the intended time of sending to the append of the result, by the broker's clock, since
a reader of half a million results would take the worker's processor.
"""

import json
import time
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.account import Account, account
from bench.cluster import Output
from bench.competitors import Competitor, Streams
from bench.latency import load_generator
from bench.processes import worker
from bench.schedule import Schedule
from bench.session import Session
from bench.statistics import Quantiles, Sample, quantiles, rate
from bench.throughput import Look

LIVE_RATE: Final = 512
BACK_TO_NORMAL_S: Final = 2.0
_START_AHEAD_S: Final = 1.5
_EARLY: Final = 0.1
_AFTER_S: Final = 15.0
_AT_MOST_S: Final = 900.0


@dataclass(frozen=True)
class RecoveryRun:
    """What came of it.

    Attributes:
        account: inputs against outputs, those that waited and those that came meanwhile.
        waiting: reviews that waited.
        drained_s: from the first result to the last of those that waited.
        reviews_per_s: the slope of the results of those that waited.
        early_memory_mb: resident memory (RSS) when a tenth was drained.
        memory_mb: the largest later on.
        just_after: latency of the reviews sent in the first two seconds after the drain.
        normal: of those sent later.
    """

    account: Account
    waiting: int
    drained_s: float
    reviews_per_s: float
    early_memory_mb: float
    memory_mb: float
    just_after: Quantiles
    normal: Quantiles

    @property
    def valid(self) -> bool:
        """Whether every review has its one result."""
        return self.account.balanced


def run_recovery(session: Session, competitor: Competitor) -> RecoveryRun:
    """Let the worker start before a topic in which reviews wait, while others come.

    Raises:
        WorkerEndedError: it ended.
        ValueError: nothing came after the drain.
    """
    waiting, cluster, run = session.plan.waiting, session.cluster, session.next_name()
    session.say(f"recovery: {waiting:,} reviews wait")
    backlog = session.fill(waiting)
    streams = Streams(cluster.bootstrap_servers, backlog.topic, f"{run}-results", f"{run}-dlq", run)
    cluster.create(streams.result_topic, streams.dlq_topic)
    schedule = Schedule(time.monotonic() + _START_AHEAD_S, LIVE_RATE, round(LIVE_RATE * _AT_MOST_S))
    samples, sent = _watched(session, competitor, streams, schedule, waiting)
    output = cluster.read(streams.result_topic)
    cluster.delete(*streams[1:4])
    clock_s = time.time() - time.monotonic()
    return judge(output, samples, schedule._replace(reviews=sent), waiting, clock_s)


def _watched(
    session: Session, competitor: Competitor, streams: Streams, schedule: Schedule, waiting: int
) -> tuple[list[Sample], int]:
    """Looks at the worker, and how many reviews came meanwhile: they go on for a while after the drain."""
    samples: list[Sample] = []
    with (
        load_generator(streams, session.values_file(), schedule, first_key=waiting) as generator,
        worker(competitor.started_on(streams), session.folder) as process,
    ):
        look = Look(session.cluster, streams, [process], samples)
        look.until_done(waiting)
        time.sleep(_AFTER_S)
        generator.terminate()
        sent: int = json.loads(generator.communicate()[0])["sent"]
        look.until_done(waiting + sent)
    return samples, sent


def judge(
    output: Output, samples: list[Sample], schedule: Schedule, waiting: int, clock_s: float
) -> RecoveryRun:
    """The figures.

    Args:
        output: all results; keys below `waiting` are of reviews that waited.
        samples: looks at the worker.
        schedule: of the reviews that came meanwhile.
        waiting: how many waited.
        clock_s: what the broker's clock shows when the monotonic one is at 0, in seconds.

    Raises:
        ValueError: nothing was sent later than two seconds after the drain.
    """
    numbers = np.array([int(key or b"-1") for key in output.keys])
    old = numbers < waiting
    drain_ms = output.appended_ms[old]
    latency_s, after_s = _latency(
        output.appended_ms[~old], numbers[~old] - waiting, schedule, clock_s, drain_ms
    )
    later = after_s >= BACK_TO_NORMAL_S
    if not later.any():
        raise ValueError("expected reviews sent after the drain, got none")
    early = next(sample for sample in samples if sample.results >= waiting * _EARLY)
    return RecoveryRun(
        account=account(waiting + schedule.reviews, output.keys),
        waiting=waiting,
        drained_s=float(np.ptp(drain_ms)) / 1000,
        reviews_per_s=rate(drain_ms),
        early_memory_mb=early.memory / 1e6,
        memory_mb=max(sample.memory for sample in samples if sample.results >= early.results) / 1e6,
        just_after=quantiles(latency_s[(after_s >= 0) & ~later]),
        normal=quantiles(latency_s[later]),
    )


def _latency(
    appended_ms: NDArray[np.int64],
    numbers: NDArray[np.int64],
    schedule: Schedule,
    clock_s: float,
    drain_ms: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of reviews that came meanwhile: latency, and how long after the drain they were sent, in seconds."""
    sent_s = schedule.start_s + numbers / schedule.rate + clock_s
    return appended_ms / 1000 - sent_s, sent_s - drain_ms.max() / 1000
