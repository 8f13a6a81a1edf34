"""A consumer group as a flow, for what cannot be run on one machine: bursts, and workers that end. Pure.

Reviews come to each partition at an even pace. A worker shares what it can do among its partitions in
proportion to what waits in them, as slices in turn do. The partitions of a worker that has ended are served
by nobody until the session times out, then by the others. Nothing is random: the same group gives the same
figures.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Steps = NDArray[np.float64]

STEP_S: Final = 0.05
_BACK_BELOW_S: Final = 0.1


@dataclass(frozen=True)
class Group:
    """A group of equal workers.

    Attributes:
        workers: how many.
        partitions: of the topic, handed out in turn.
        reviews_per_s: what one worker can do.
    """

    workers: int
    partitions: int
    reviews_per_s: float


@dataclass(frozen=True)
class Course:
    """What happens.

    Attributes:
        reviews_per_s: that come to all partitions together.
        seconds: how long is looked at.
        waiting: reviews that wait at the beginning.
        burst: by how much more come
        burst_from_s: from here
        burst_to_s: to here.
        ended: workers that end
        ended_at_s: here; nobody has their partitions
        taken_over_at_s: until here.
    """

    reviews_per_s: float
    seconds: float
    waiting: float = 0.0
    burst: float = 1.0
    burst_from_s: float = 0.0
    burst_to_s: float = 0.0
    ended: int = 0
    ended_at_s: float = 0.0
    taken_over_at_s: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Attributes:
        most_waiting: reviews that waited at most at one time.
        p99_s: of the time that reviews waited.
        longest_s: the longest wait.
        behind_until_s: when for the last time more waited than come in a tenth of a second; 0: never.
    """

    most_waiting: float
    p99_s: float
    longest_s: float
    behind_until_s: float


def simulate(group: Group, course: Course) -> Outcome:
    """Follow the flow in steps of 50 ms.

    Raises:
        ValueError: at the end more waits than at the beginning: the group cannot keep up, or is not watched
            for long enough.
    """
    times_s: Steps = np.arange(1, round(course.seconds / STEP_S) + 1, dtype=np.float64) * STEP_S
    arrived, served = _flow(group, course, times_s)
    waiting = (arrived - served).sum(axis=1)
    if waiting[-1] > course.reviews_per_s * _BACK_BELOW_S:
        raise ValueError(f"{waiting[-1]:,.0f} reviews wait after {course.seconds:g} s: expected none")
    waits_s, reviews = _waits(arrived, served, times_s)
    behind = times_s[waiting > course.reviews_per_s * _BACK_BELOW_S]
    return Outcome(
        most_waiting=float(waiting.max()),
        p99_s=weighted_quantile(waits_s, reviews, 0.99),
        longest_s=float(waits_s.max()),
        behind_until_s=float(behind[-1]) if len(behind) else 0.0,
    )


def _flow(group: Group, course: Course, times_s: Steps) -> tuple[Steps, Steps]:
    """Reviews that have come and that are done, by time and partition: shape (steps, partitions) both."""
    waiting = np.full(group.partitions, course.waiting / group.partitions)
    came, done = waiting.copy(), np.zeros(group.partitions)
    arrived, served = np.empty((2, len(times_s), group.partitions))
    for step, now_s in enumerate(times_s):
        came += _coming(course, now_s) * STEP_S / group.partitions
        done += _done(came - done, _owners(group, course, now_s), group)
        arrived[step], served[step] = came, done
    return arrived, served


def _coming(course: Course, now_s: float) -> float:
    in_burst = course.burst_from_s < now_s <= course.burst_to_s
    return course.reviews_per_s * (course.burst if in_burst else 1.0)


def _owners(group: Group, course: Course, now_s: float) -> NDArray[np.int64]:
    """The worker of each partition; -1: nobody."""
    partitions = np.arange(group.partitions)
    owners = partitions % group.workers
    if course.ended and now_s > course.ended_at_s:
        left = group.workers - course.ended
        orphans = np.flatnonzero(owners >= left)
        owners[orphans] = -1 if now_s <= course.taken_over_at_s else np.arange(len(orphans)) % left
    return owners


def _done(waiting: Steps, owners: NDArray[np.int64], group: Group) -> Steps:
    """What is done of each partition in one step."""
    held = owners >= 0
    of_workers = np.bincount(owners[held], waiting[held], group.workers)
    can = group.reviews_per_s * STEP_S
    share = np.minimum(1.0, can / np.maximum(of_workers, can))
    return np.where(held, waiting * share[owners], 0.0)


def _waits(arrived: Steps, served: Steps, times_s: Steps) -> tuple[Steps, Steps]:
    """How long the reviews of each step and partition waited, and how many they were."""
    waits = [
        np.maximum(0.0, np.interp(came, done, times_s) - times_s)
        for came, done in zip(arrived.T, served.T, strict=True)
    ]
    reviews = np.diff(arrived, axis=0, prepend=0.0)
    return np.concatenate(waits), reviews.T.ravel()


def weighted_quantile(values: Steps, weights: Steps, share: float) -> float:
    """The smallest value that at least this share of all weight does not exceed."""
    order = np.argsort(values)
    passed = np.cumsum(weights[order])
    rank = np.searchsorted(passed, share * passed[-1] * (1 - 1e-12))
    return float(values[order][min(rank, len(values) - 1)])
