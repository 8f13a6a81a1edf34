"""How far a distribution has moved from its reference."""

from itertools import pairwise
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

Count = Annotated[int, Meta(ge=0)]

_LEAST = 0.5  # of a record in a bin that only one of them fills, so that it has a logarithm


class Histogram(Struct, frozen=True):
    """Counts between edges; the last bin includes its upper edge.

    Attributes:
        edges: ascending, one more than counts.
        counts: how many fell into each bin.
    """

    edges: tuple[float, ...]
    counts: tuple[Count, ...]

    def __post_init__(self) -> None:
        if len(self.edges) != len(self.counts) + 1 or any(low >= high for low, high in pairwise(self.edges)):
            raise ValueError("edges: expected ascending numbers, one more than counts")


def stability_index(reference: NDArray[np.int64], observed: NDArray[np.int64]) -> float:
    """The population stability index: 0 when both are distributed alike, without an upper limit.

    By convention (Siddiqi, Credit Risk Scorecards, 2006) .1 is a moderate shift and .25 a large one. Chance
    alone gives about (bins - 1) * (1 / reference's sum + 1 / observed's sum).

    Args:
        reference: counts per bin.
        observed: counts in the same bins.
    """
    filled = (reference + observed) > 0
    expected, actual = (np.maximum(counts[filled], _LEAST) for counts in (reference, observed))
    expected, actual = expected / expected.sum(), actual / actual.sum()
    return float(((actual - expected) * np.log(actual / expected)).sum())
