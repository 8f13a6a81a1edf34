"""`python -m bench.page`: the figures of docs/performance.md and README.md, and the plot, from the kept run.

A table stands between `<!-- bench NAME -->` and `<!-- end -->`; what is between them is written anew.
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Final

from bench.competitors import LOOP, PRODUCT
from bench.plan import Part
from bench.plot import plot
from bench.report import heading
from bench.results import TRACKED, Results, faster_than, median_of, read_results
from bench.reviews import ROOT
from bench.sizing import sizing_tables
from bench.table import Table
from bench.tables import tables

PAGES: Final = (ROOT / "docs" / "performance.md", ROOT / "README.md")
PLOT: Final = ROOT / "docs" / "images" / "throughput.svg"
_FAST_PARTS: Final[tuple[Part, ...]] = ("throughput", "latency")
_RATE: Final = 512
_BLOCK: Final = re.compile(r"(<!-- bench (?P<name>[a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    """Write them."""
    try:
        results = read_results()
        by_name = blocks(results)
        texts = {page: filled(page.read_text(encoding="utf-8"), by_name) for page in PAGES}
    except (FileNotFoundError, ValueError) as error:
        sys.exit(f"bench.page: {error}")
    texts[PLOT] = plot(results)
    for file, text in texts.items():
        write(file, text)
        sys.stdout.write(f"{file.relative_to(ROOT)} from {TRACKED.relative_to(ROOT)}\n")


def blocks(results: Results) -> dict[str, str]:
    """What stands in each block, by its name."""
    told = {table.name: markdown(table) for table in (*tables(results), *sizing_tables(results))}
    lines = [line.strip() for line in heading(results)]
    return {**told, "heading": "\n".join(f"- {line}" for line in lines) + "\n", "fast": fast(results)}


def fast(results: Results) -> str:
    """What the README says in one sentence; nothing when the machine was busy or a part of it is missing."""
    product, timed = results.throughput.get(PRODUCT), results.latency.get(_RATE)
    ratio = faster_than(results.throughput, LOOP) if product else None
    is_provisional = any(results.origin(part).machine_was_busy for part in _FAST_PARTS)
    if is_provisional or product is None or timed is None or ratio is None:
        return ""
    p99 = median(run.latency.p99 for run in timed[PRODUCT])
    rate, cores = median_of(product, "reviews_per_s"), results.machine["cores"]
    return (
        f"One worker process on {cores} cores shared with the broker: {rate:,.0f} reviews/s,"
        f" {ratio:.1f} times a tuned confluent-kafka loop with scikit-learn; at {_RATE} reviews/s p99 is"
        f" {p99:.1f} ms, creation to result read.\n"
    )


def filled(page: str, by_name: Mapping[str, str]) -> str:
    """The page with its blocks written anew.

    Raises:
        ValueError: the page asks for a block for which there are no figures.
    """

    def block(found: re.Match[str]) -> str:
        name = found["name"]
        if name not in by_name:
            raise ValueError(f"a block `{name}`, expected one of {', '.join(sorted(by_name))}")
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
