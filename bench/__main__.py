"""`python -m bench`: this product beside its peers, in one run.

Throughput of one worker process, latency in an open loop, and the core alone. Prints tables and writes
everything that was measured to bench/results/. Exit code 1 when some review did not get its one result.
"""

import argparse
import sys

from rich.console import Console

from bench.plan import FULL, QUICK
from bench.processes import WorkerEndedError
from bench.report import new_console, show
from bench.results import write_results
from bench.run import measure
from stream_app.core.errors import ModelError
from stream_app.kafka.broker import BrokerUnavailable


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a look in two minutes: less of everything, no sweep"
    )
    plan = QUICK if parser.parse_args().quick else FULL
    talk = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        results = measure(plan, talk.print)
    except (BrokerUnavailable, ModelError, WorkerEndedError, TimeoutError) as error:
        sys.exit(f"bench: {error}")
    show(results, new_console())
    talk.print(f"written to {write_results(results)}")
    sys.exit(0 if results.valid else 1)


if __name__ == "__main__":
    main()
