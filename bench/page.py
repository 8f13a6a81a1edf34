"""`python -m bench.page`: the tables of docs/performance.md and the plot, from the run kept in docs/.

A table stands between `<!-- bench NAME -->` and `<!-- end -->`; what is between them is written anew.
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bench.plot import plot
from bench.report import heading
from bench.results import TRACKED, Results, read_results
from bench.reviews import ROOT
from bench.sizing import sizing_tables
from bench.table import Table
from bench.tables import tables

PAGE: Final = ROOT / "docs" / "performance.md"
PLOT: Final = ROOT / "docs" / "images" / "throughput.svg"
_BLOCK: Final = re.compile(r"(<!-- bench (?P<name>[a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    """Write both."""
    try:
        results = read_results()
        text = filled(PAGE.read_text(encoding="utf-8"), blocks(results))
    except (FileNotFoundError, ValueError) as error:
        sys.exit(f"bench.page: {error}")
    write(PAGE, text)
    write(PLOT, plot(results))
    sys.stdout.write(
        f"{PAGE.relative_to(ROOT)} and {PLOT.relative_to(ROOT)} from {TRACKED.relative_to(ROOT)}\n"
    )


def blocks(results: Results) -> dict[str, str]:
    """What stands in each block, by its name."""
    told = {table.name: markdown(table) for table in (*tables(results), *sizing_tables(results))}
    lines = [line.strip() for line in heading(results)]
    return {**told, "heading": "\n".join(f"- {line}" for line in lines) + "\n"}


def filled(page: str, by_name: Mapping[str, str]) -> str:
    """The page with its blocks written anew.

    Raises:
        ValueError: the page asks for a block for which there are no figures.
    """

    def block(found: re.Match[str]) -> str:
        name = found["name"]
        if name not in by_name:
            raise ValueError(f"{PAGE.name}: a block `{name}`, expected one of {', '.join(sorted(by_name))}")
        return f"{found[1]}\n{by_name[name]}\n{found[3]}"

    return _BLOCK.sub(block, page)


def markdown(table: Table) -> str:
    """A table as Markdown, its title before it."""
    lines = [table.columns, ["---", *["---:"] * (len(table.columns) - 1)], *table.rows]
    rows = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{table.title}:\n\n{rows}\n"


def write(file: Path, text: str) -> None:
    """All of the text, or the file as it was."""
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(file)


if __name__ == "__main__":
    main()
