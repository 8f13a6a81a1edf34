from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from stream_app.core.scoring import Scorer
from training.speed import BATCH, ROUNDS, speed_ratio


class Timed(Scorer):
    """A scorer whose sentences take a time of its own on a clock that only it moves."""

    now = 0.0

    def __init__(self, seconds: Sequence[float]) -> None:
        self.seconds = seconds
        self.calls: list[int] = []

    def probabilities(self, sentences: Sequence[str]) -> NDArray[np.float64]:
        Timed.now += len(sentences) * self.seconds[len(self.calls) % len(self.seconds)]
        self.calls.append(len(sentences))
        return np.empty((len(sentences), 3))


def test_the_ratio_is_that_of_the_quickest_rounds() -> None:
    ours, theirs = Timed([3.0, 3.0, 9.0]), Timed([5.0, 2.0])
    assert speed_ratio(ours, theirs, ["a"], lambda: Timed.now) == pytest.approx(1.5)
    assert len(ours.calls) == len(theirs.calls) == ROUNDS


def test_sentences_come_in_batches() -> None:
    ours, theirs = Timed([1.0]), Timed([1.0])
    speed_ratio(ours, theirs, ["a"] * (2 * BATCH + 1), lambda: Timed.now)
    assert ours.calls[:3] == [BATCH, BATCH, 1]
    assert sum(theirs.calls) == ROUNDS * (2 * BATCH + 1)
