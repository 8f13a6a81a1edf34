"""How much is measured: all of it in about ten minutes, or a quick look in about two."""

from typing import Final, NamedTuple


class Plan(NamedTuple):
    """The size of a run.

    Attributes:
        rounds: of throughput, each with every competitor in turn.
        share: of each competitor's reviews.
        sweep_reviews: in each trial of the loop's sweep; 0 takes the recorded tuning instead.
        latency_rounds: each the product with either guarantee and the echo, one after the other.
        latency_s: seconds of load, with the warm-up.
        core_repeats: over the reviews for the core alone.
    """

    rounds: int
    share: float
    sweep_reviews: int
    latency_rounds: int
    latency_s: float
    core_repeats: int


FULL: Final = Plan(
    rounds=3, share=1.0, sweep_reviews=40_000, latency_rounds=5, latency_s=20.0, core_repeats=7
)
QUICK: Final = Plan(rounds=1, share=0.4, sweep_reviews=0, latency_rounds=1, latency_s=15.0, core_repeats=3)

LATENCY_RATE: Final = 512.0
WARM_UP_S: Final = 3.0
CORE_REVIEWS: Final = 2_048
