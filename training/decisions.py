"""Class biases and cuts, tuned for macro-F1.

Macro-F1 is a jagged function of them, so every point of a grid is measured and the one with the best
neighbourhood is taken: a lone peak is luck.
"""

from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream_app.core.ratings import THIRDS
from stream_app.core.scoring import Decision
from training.measures import Classes, macro_f1

BIASES: Final = np.arange(-30, 31) / 10
CUTS: Final = np.arange(1, 50) / 50
SEED_DECISION: Final = Decision("cuts", THIRDS)


def tuned(probabilities: NDArray[np.float64], gold: Classes) -> Decision:
    """The decision that labels these rows best: biases for three probabilities, cuts for one score."""
    if probabilities.shape[1] == 1:
        return _tuned_cuts(probabilities, gold)
    return _tuned_biases(probabilities, gold)


def _tuned_biases(probabilities: NDArray[np.float64], gold: Classes) -> Decision:
    """Biases of neutral and positive; that of negative is 0, since only differences count."""
    measured = np.zeros((len(BIASES), len(BIASES)))
    for row, column in product(range(len(BIASES)), repeat=2):
        decision = Decision("biases", (0.0, float(BIASES[row]), float(BIASES[column])))
        measured[row, column] = macro_f1(gold, decision.labels(probabilities))
    row, column = _best_neighbourhood(measured)
    return Decision("biases", (0.0, float(BIASES[row]), float(BIASES[column])))


def _tuned_cuts(probabilities: NDArray[np.float64], gold: Classes) -> Decision:
    measured = np.zeros((len(CUTS), len(CUTS)))
    for low, high in product(range(len(CUTS)), repeat=2):
        if low <= high:
            decision = Decision("cuts", (float(CUTS[low]), float(CUTS[high])))
            measured[low, high] = macro_f1(gold, decision.labels(probabilities))
    low, high = _best_neighbourhood(measured)
    return Decision("cuts", (float(CUTS[low]), float(CUTS[max(low, high)])))


def _best_neighbourhood(measured: NDArray[np.float64]) -> tuple[int, int]:
    """Row and column whose block of nine has the highest sum."""
    rows, columns = measured.shape
    padded = np.pad(measured, 1, mode="edge")
    blocks = sum(padded[i : i + rows, j : j + columns] for i, j in product(range(3), repeat=2))
    row, column = np.unravel_index(np.argmax(blocks), measured.shape)
    return int(row), int(column)
