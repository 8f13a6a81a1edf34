"""`python -m bench`: this product beside its peers, in one run.

All parts, or those named. Prints tables and writes everything that was measured to bench/results/.
Exit code 1 when a part could not be measured, or some review did not get its one result.
"""

import argparse
import sys

from rich.console import Console

from bench.kept import beside
from bench.plan import FULL, PARTS, QUICK, QUICK_PARTS
from bench.report import new_console, show
from bench.results import TRACKED, as_json, read_results, write_results
from bench.run import measure
from stream_app.core.errors import ModelError
from stream_app.kafka.broker import BrokerUnavailable


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("part", nargs="*", help=f"one of {', '.join(PARTS)}; none: all of them")
    parser.add_argument(
        "--quick", action="store_true", help=f"less of everything; of the parts {', '.join(QUICK_PARTS)}"
    )
    parser.add_argument(
        "--keep", action="store_true", help=f"write to docs/{TRACKED.name}, in the place of the same parts"
    )
    options = parser.parse_args()
    if unknown := set(options.part) - set(PARTS):
        parser.error(f"expected parts of {', '.join(PARTS)}, got {', '.join(sorted(unknown))}")
    plan, parts = (QUICK, QUICK_PARTS) if options.quick else (FULL, PARTS)
    talk = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        results = measure(plan, options.part or parts, talk.print)
    except (BrokerUnavailable, ModelError) as error:
        sys.exit(f"bench: {error}")
    show(results, new_console())
    talk.print(f"written to {write_results(results)}")
    if options.keep:
        TRACKED.write_bytes(as_json(beside(read_results(), results) if TRACKED.exists() else results))
    sys.exit(0 if results.valid else 1)


if __name__ == "__main__":
    main()
