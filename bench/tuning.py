"""The sweep that tunes a peer: one option after the other, each from the best so far."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

LOOP_CANDIDATES: Final = {
    "batch": ("500", "2000", "4000", "8000"),
    "compression": ("none", "lz4"),
    "linger-ms": ("5", "0", "50"),
}

BATCH_CANDIDATES: Final = {"batch": ("250", "500", "2000")}
"""Of the peers with our scorer: theirs is the fixed cost of a call, ours the memory of a batch."""

Tuning = Mapping[str, str]
Candidates = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Trial:
    """One setting of the sweep and what it reached."""

    tuning: Tuning
    reviews_per_s: float


def sweep(start: Tuning, candidates: Candidates, measure: Callable[[Tuning], float]) -> list[Trial]:
    """All trials, the best first. A tuning that was tried is not tried again.

    Args:
        start: where to begin; the options not yet swept keep its values.
        candidates: the values to try of each option.
        measure: reviews per second with a tuning.
    """
    reached: dict[tuple[tuple[str, str], ...], float] = {}
    best = dict(start)
    for option, values in candidates.items():
        for value in values:
            tuning = {**best, option: value}
            if _key(tuning) not in reached:
                reached[_key(tuning)] = measure(tuning)
        best = dict(max(reached.items(), key=itemgetter(1))[0])
    trials = [Trial(dict(tried), figure) for tried, figure in reached.items()]
    return sorted(trials, key=lambda trial: -trial.reviews_per_s)


def _key(tuning: Tuning) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(tuning.items()))
