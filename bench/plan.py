"""What is measured, and how much of it: everything, or a quick look in about two minutes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

Part = Literal["core", "throughput", "layers", "latency", "recovery", "scale", "start", "profile"]

PARTS: Final[tuple[Part, ...]] = get_args(Part)
QUICK_PARTS: Final[tuple[Part, ...]] = ("core", "throughput", "latency")


@dataclass(frozen=True)
class Plan:
    """The size of a run.

    Attributes:
        rounds: of throughput, each with every competitor in turn.
        share: of each competitor's reviews.
        sweep_reviews: in each trial of a peer's sweep; 0 takes the recorded tuning instead.
        latency_rounds: by reviews a second: rounds of the product with either guarantee and the echo.
        latency_alone: reviews a second at which the product is looked at alone.
        latency_s: seconds of load, with the warm-up.
        core_repeats: over the reviews for the core alone.
        waiting: reviews that wait when a worker comes back.
        workers: in one group, one figure each.
        partitions: of a topic, one figure each.
        starts: of a worker, until its first result.
    """

    rounds: int
    share: float
    sweep_reviews: int
    latency_rounds: dict[int, int]
    latency_alone: Sequence[int]
    latency_s: float
    core_repeats: int
    waiting: int
    workers: Sequence[int]
    partitions: Sequence[int]
    starts: int


FULL: Final = Plan(
    rounds=3,
    share=1.0,
    sweep_reviews=40_000,
    latency_rounds={512: 5, 3_000: 3},
    latency_alone=(10, 100, 1_000, 10_000),
    latency_s=20.0,
    core_repeats=7,
    waiting=500_000,
    workers=(1, 2, 4),
    partitions=(1, 12, 50, 200),
    starts=5,
)
QUICK: Final = Plan(
    rounds=1,
    share=0.4,
    sweep_reviews=0,
    latency_rounds={512: 1},
    latency_alone=(),
    latency_s=15.0,
    core_repeats=3,
    waiting=100_000,
    workers=(1, 2),
    partitions=(1, 50),
    starts=2,
)

WARM_UP_S: Final = 3.0
CORE_REVIEWS: Final = 2_048
