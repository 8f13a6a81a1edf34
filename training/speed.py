"""How fast a scorer is beside another one: a ratio, since a time alone says as much of the machine."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from stream_app.core.scoring import Scorer

BATCH: Final = 64  # sentences to a call, about what a slice of the stream holds
ROUNDS: Final = 15


def speed_ratio(
    ours: Scorer,
    theirs: Scorer,
    sentences: Sequence[str],
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """How many times as long ours takes for the sentences, in batches of BATCH.

    Both take turns, round after round, and the quickest round of each counts: what else the machine does
    only ever makes a round slower.
    """
    batches = [sentences[at : at + BATCH] for at in range(0, len(sentences), BATCH)]
    best = {"ours": float("inf"), "theirs": float("inf")}
    for _ in range(ROUNDS):
        for name, scorer in (("ours", ours), ("theirs", theirs)):
            best[name] = min(best[name], _seconds(scorer, batches, clock))
    return best["ours"] / best["theirs"]


def _seconds(scorer: Scorer, batches: Sequence[Sequence[str]], clock: Callable[[], float]) -> float:
    began = clock()
    for batch in batches:
        scorer.probabilities(batch)
    return clock() - began
