"""The core alone: `python -m bench.core`, microseconds per review by stage; with `--check` a ratio instead.

The ratio is the cost of the core over that of a fixed piece of work on the same reviews in the same process
(JSON decoded by the standard library), each slice at the best of its repeats: a slow or a busy machine
changes both alike. A core that got slower by a third fails.
"""

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final

from bench.core_alone import SLICES, STAGES, CoreRecord, core_cost, core_records
from bench.reviews import SAMPLE, load_reviews
from stream_app.bundled import bundled
from stream_app.core.pipeline import Rules, classify
from stream_app.core.scoring import Model
from stream_app.model_store import load_model

REVIEWS: Final = 1_280
SLICE: Final = 128
REPEATS: Final = 15
RECORDED_RATIO: Final = 2.8
MARGIN: Final = 4 / 3

Slice = Sequence[CoreRecord]


def ratio(records: Sequence[CoreRecord], model: Model) -> float:
    """The cost of the core over that of the yardstick, on the same records."""
    slices = [records[start : start + SLICE] for start in range(0, len(records), SLICE)]
    rules = Rules()
    gc.collect()
    gc.disable()
    try:
        core = yardstick = 0.0
        for part in slices:  # both in turn, so that both meet the same moods of the machine
            pairs = [
                (_seconds(lambda part: classify(part, model, rules), part), _seconds(_decode, part))
                for _ in range(REPEATS)
            ]
            core += min(first for first, _ in pairs)
            yardstick += min(second for _, second in pairs)
        return core / yardstick
    finally:
        gc.enable()


def _decode(records: Slice) -> None:
    for record in records:
        json.loads(record.value)


def _seconds(work: Callable[[Slice], object], records: Slice) -> float:
    started = time.perf_counter()
    work(records)
    return time.perf_counter() - started


def check(found: float) -> str | None:
    """What is wrong with a ratio; None when nothing is."""
    limit = RECORDED_RATIO * MARGIN
    if found <= limit:
        return None
    return f"the core costs {found:.2f} times the yardstick, expected at most {limit:.2f}"


def main() -> None:
    """Print the table, or check the ratio: exit code 1 when it is too high."""
    parser = argparse.ArgumentParser(prog="python -m bench.core", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when the core got slower by a third")
    model = load_model(bundled("champion"), "inherited")
    if parser.parse_args().check:
        # The tracked sample, which every machine has.
        records = core_records(load_reviews({"REVIEWS_PACK": str(SAMPLE.parent)}).values()[:REVIEWS])
        found = ratio(records, model)
        sys.stdout.write(f"{found:.2f} times the yardstick, {RECORDED_RATIO} when it was recorded\n")
        sys.exit(check(found))
    records = core_records(load_reviews().values()[:REVIEWS])
    for size in SLICES:
        cost = core_cost(records, model, size, repeats=7)
        stages = "  ".join(f"{stage} {cost.stages[stage]:6.2f}" for stage in STAGES)
        sys.stdout.write(f"slices of {size:3}: {stages}  all {cost.total:6.2f}\n")


if __name__ == "__main__":
    main()
