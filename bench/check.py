"""`python -m bench.check`: whether the worker has become a third more expensive than in the run that is kept.

What is compared is a ratio of CPU times taken in turn on one machine: a review's in the whole worker over a
review's in the core alone. A slower machine or a busy one raises both. (That the core alone has become slower
does not show here.) Exit code 3 when the ratio is above the limit, 1 when a review was lost.
"""

import sys
from collections.abc import Sequence
from statistics import median
from typing import Final

from bench.competitors import PRODUCT, product
from bench.core_alone import CoreRecord, core_records
from bench.core_cpu import core_cpu_us
from bench.plan import CORE_REVIEWS, QUICK
from bench.processes import WorkerEndedError
from bench.results import Results, median_of, read_results
from bench.reviews import load_reviews
from bench.run import session_on_a_broker
from bench.session import Session
from stream_app.bundled import bundled
from stream_app.core.scoring import Model
from stream_app.kafka.broker import BrokerUnavailable
from stream_app.model_store import load_model

MARGIN: Final = 4 / 3
_ROUNDS: Final = 3
_REVIEWS: Final = 80_000


def main() -> None:
    """Measure, compare, tell."""
    try:
        limit = MARGIN * kept_ratio(read_results())
        ratio = measured_ratio()
    except (BrokerUnavailable, WorkerEndedError, TimeoutError, FileNotFoundError, ValueError) as error:
        sys.exit(f"bench.check: {error}")
    sys.stdout.write(f"a review costs {ratio:.2f} times the core alone; the limit is {limit:.2f}\n")
    sys.exit(exit_code(ratio, limit))


def exit_code(ratio: float, limit: float) -> int:
    """3 when the ratio is above the limit."""
    return 3 if ratio > limit else 0


def kept_ratio(kept: Results) -> float:
    """The ratio in the run that is kept.

    Raises:
        ValueError: it lacks one of the figures.
    """
    if not kept.core_cpu_us or not kept.throughput:
        raise ValueError("expected a kept run with the parts core and throughput")
    return median_of(kept.throughput[PRODUCT], "cpu_us") / kept.core_cpu_us


def measured_ratio() -> float:
    """The ratio now.

    Raises:
        ValueError: a review was lost.
    """
    model = load_model(bundled("champion"), "inherited")
    with session_on_a_broker(load_reviews(), QUICK, _say) as session:
        records = core_records(session.values[:CORE_REVIEWS])
        return _ratio(session, records, model)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _ratio(session: Session, records: Sequence[CoreRecord], model: Model) -> float:
    backlog = session.fill(_REVIEWS)
    core_us, worker_us = [], []
    for _ in range(_ROUNDS):
        core_us.append(core_cpu_us(records, model))
        run = session.work_off(product(), backlog)
        if not run.valid:
            raise ValueError(f"expected a result for each review, got {run.account} and {run.flaw}")
        worker_us.append(run.cpu_us)
    session.say(f"core {core_us}, worker {worker_us} µs of CPU a review")
    return median(worker_us) / median(core_us)


if __name__ == "__main__":
    main()
