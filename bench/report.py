"""What a run prints: tables that can be read on a terminal and in a log alike."""

from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.table import Table as RichTable

from bench.results import Results
from bench.table import Table
from bench.tables import tables

_WIDTH = 150
_BUSY = "the machine was busy. Take ratios of CPU time, with care, not rates or latency."


def new_console() -> Console:
    """Where a report goes: as wide as the tables need when that is no terminal."""
    return Console(highlight=False, width=None if Console().is_terminal else _WIDTH)


def show(results: Results, console: Console) -> None:
    """Print the run."""
    for line in heading(results):
        console.print(line)
    for table in tables(results):
        console.print(_drawn(table))
    for part, why in results.failed.items():
        console.print(f"NOT MEASURED: {part}: {why}")
    for name, how in results.how.items():
        console.print(f"{name}: {how}")


def heading(results: Results) -> Iterator[str]:
    """What the figures depend on."""
    machine, reviews = results.machine, results.reviews
    yield f"{machine['cpu']}, {machine['cores']} cores, {machine['busy_before']:.0%} busy before the run"
    yield f"Python {machine['python']}, {_versions(results.versions)}"
    yield f"peers: {_versions(results.peers)}"
    repeated = f"{reviews.reviews:,} reviews of the {reviews.origin}, repeated; {reviews.left_out} left out"
    yield f"{repeated}; {reviews.mean_bytes:,.0f} bytes each on average"
    for origin, parts in results.origins_of_all.items():
        yield f"{', '.join(parts)}: {origin.started_at:%Y-%m-%d %H:%M} UTC, commit {origin.commit}"
        if origin.machine_was_busy:
            yield f"PROVISIONAL: {_BUSY}"
    yield f"the last run took {results.took_s / 60:.0f} min\n"


def _drawn(table: Table) -> RichTable:
    drawn = RichTable(title=table.title, title_justify="left", title_style="bold")
    drawn.add_column(table.columns[0], overflow="fold")
    for column in table.columns[1:]:
        drawn.add_column(column, justify="right")
    for row in table.rows:
        drawn.add_row(*row)
    return drawn


def _versions(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())
