"""Figures as a table for people."""

from rich.console import Console
from rich.table import Table

from training.evaluate import Measurement


def show(measurements: list[Measurement], console: Console | None = None) -> None:
    """A table of macro-F1: a row for each set and level, a column for each classifier."""
    names = list(dict.fromkeys(name for name, _ in measurements))
    figures = {
        (name, metric.dataset, metric.level): f"{metric.macro_f1:.3f}" for name, metric in measurements
    }
    rows = {(metric.dataset, metric.level): metric.rows for _, metric in measurements}
    table = Table("set", "level", "rows", *names, title="macro-F1")
    table.caption = "Each sentence judged alone; a review by the mean of its sentences."
    for (dataset, level), count in rows.items():
        table.add_row(
            dataset, level, f"{count:,}", *(figures.get((name, dataset, level), "") for name in names)
        )
    (console or Console(stderr=True)).print(table)
