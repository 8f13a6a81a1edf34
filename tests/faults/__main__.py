"""`python -m tests.faults [NAME…]`: run scenarios, keep what a failure left behind, record the outcomes."""

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

from rich.console import Console

from tests.faults.page import record_path, write_page
from tests.faults.record import Entry, entry, failed, read_record, write_record
from tests.faults.scenario import Guarantee, NotHere, Scenario, Stage
from tests.faults.sections import scenarios

console = Console(soft_wrap=True, highlight=False, markup=False)


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0 when every promise was kept, 1 when one was broken, 2 for a name that is none."""
    options = _options(arguments)
    declared = {scenario.name: scenario for scenario in scenarios()}
    if unknown := set(options.names) - declared.keys():
        console.print(f"no scenario {', '.join(sorted(unknown))}; there are {', '.join(declared)}")
        return 2
    chosen = [declared[name] for name in options.names] or [
        one for one in declared.values() if options.slow or not one.is_slow
    ]
    broken = False
    for one in chosen:
        if run := _run(one, options.guarantee, options.seed, options.keep):
            broken |= bool(run["breaches"])
            if options.write:
                _record(options.write, options.guarantee, {one.name: run})
    return int(broken)


def _record(page: Path, guarantee: Guarantee, done: Mapping[str, Entry]) -> None:
    record = read_record(record_path(page))
    record[guarantee] |= done
    write_record(record_path(page), record)
    write_page(page)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.faults", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of scenarios; none: all that are not slow")
    parser.add_argument("--slow", action="store_true", help="with no NAME: the slow ones too")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--guarantee", choices=get_args(Guarantee), default="at_least_once")
    parser.add_argument(
        "--write", type=Path, metavar="PAGE", help="record the outcomes and write PAGE's tables"
    )
    parser.add_argument("--keep", type=Path, default=Path("reports/faults"), help="where failures are kept")
    return parser.parse_args(arguments)


def _run(scenario: Scenario, guarantee: Guarantee, seed: int, keep: Path) -> Entry | None:
    """The entry of the run; None where the machine lacks what it needs."""
    console.print(f"{scenario.name}: seed {seed}, {guarantee}")
    folder = Path(tempfile.mkdtemp(prefix=f"faults-{scenario.name}-"))
    try:
        outcome = scenario.run(Stage(folder, random.Random(seed), guarantee))
    except NotHere as reason:
        console.print(f"  not run: {reason}")
        shutil.rmtree(folder)
        return None
    except Exception as error:  # noqa: BLE001 - whatever it is, the next scenario is run
        console.print_exception()
        run = failed(seed, error)
    else:
        run = entry(scenario, guarantee, seed, outcome)
    console.print(f"  {run}")
    _keep_or_remove(folder, keep / scenario.name if run["breaches"] else None)
    return run


def _keep_or_remove(folder: Path, kept: Path | None) -> None:
    if kept is None:
        shutil.rmtree(folder)
        return
    shutil.rmtree(kept, ignore_errors=True)
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder, kept)
    console.print(f"  what it left behind is in {kept}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
