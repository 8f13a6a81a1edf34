"""The tables of docs/faults.md, from the declared texts and the recorded outcomes.

`python -m tests.faults.page docs/faults.md` writes them anew without a run.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, get_args

from tests.faults.record import Entry, Record, read_record
from tests.faults.scenario import Guarantee, Scenario
from tests.faults.sections import scenarios

BEGIN: Final = "<!-- written by `python -m tests.faults --write`, from here -->"
END: Final = "<!-- to here -->"
_HEAD: Final = "| | what is done | what you see | at-least-once | exactly-once |\n|---|---|---|---|---|"


def render(page: str, declared: Sequence[Scenario], record: Record) -> str:
    """The page with its tables written anew.

    Raises:
        ValueError: the page lacks the two lines between which they stand.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{_tables(declared, record)}\n\n{END}{after}"


def write_page(path: Path) -> None:
    """Write the tables of the page anew from the record beside it."""
    path.write_text(render(path.read_text(), scenarios(), read_record(record_path(path))))


def record_path(page: Path) -> Path:
    """Where the outcomes of a page are."""
    return page.with_suffix(".json")


def _tables(declared: Sequence[Scenario], record: Record) -> str:
    sections = list(dict.fromkeys(scenario.section for scenario in declared))
    return "\n\n".join(
        f"## {section}\n\n{_HEAD}\n"
        + "\n".join(_rows((one for one in declared if one.section == section), record))
        for section in sections
    )


def _rows(declared: Iterable[Scenario], record: Record) -> list[str]:
    return [" | ".join(_cells(scenario, record)).join(("| ", " |")) for scenario in declared]


def _cells(scenario: Scenario, record: Record) -> list[str]:
    runs = (record[guarantee].get(scenario.name) for guarantee in get_args(Guarantee))
    return [f"`{scenario.name}`", scenario.fault, scenario.seen, *map(_measured, runs)]


def _measured(run: Entry | None) -> str:
    if run is None:
        return "not run"
    destroyed = f" ({run['destroyed']:,} destroyed by the fault)" if run["destroyed"] else ""
    parts = [f"{run['reviews']:,} reviews: {run['lost']:,} lost{destroyed}, {run['duplicates']:,} repeated"]
    if run["recovered_s"] is not None:
        parts.append(f"back after {run['recovered_s']:g} s")
    parts += [run["note"]] if run["note"] else []
    parts += [f"**broken: {'; '.join(run['breaches'])}**"] if run["breaches"] else []
    return "; ".join(parts) + f" (seed {run['seed']})"


if __name__ == "__main__":
    write_page(Path(sys.argv[1]))
