"""Figures as rows of tables: a row for each set or slice, a column for each classifier."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from training.bootstrap import Interval
from training.comparison import Difference
from training.figures import Figures
from training.held_out import Level

Cell = TypeVar("Cell")


@dataclass(frozen=True, slots=True)
class Row(Generic[Cell]):
    """A row of a table.

    Attributes:
        head: what the row is about.
        rows: how many sentences or reviews it was measured on.
        found: by classifier; who has no figure is left out.
        best: the classifier with the best figure; empty where there is no best.
    """

    head: tuple[str, ...]
    rows: int
    found: dict[str, Cell] = field(default_factory=dict)
    best: str = ""


def names(figures: Iterable[Figures]) -> list[str]:
    """The classifiers, in the order of their figures."""
    return list(dict.fromkeys(found.classifier for found in figures))


def by_set(figures: Iterable[Figures]) -> list[Row[Figures]]:
    """All figures of each classifier, a row for each set and level."""
    rows: dict[tuple[str, ...], Row[Figures]] = {}
    for found in figures:
        head = (found.dataset, found.level)
        rows.setdefault(head, Row(head, found.rows)).found[found.classifier] = found
    return list(rows.values())


def intervals_by_set(
    figures: Iterable[Figures], pick: Callable[[Figures], Interval], best: Literal["highest", "lowest"]
) -> list[Row[Interval]]:
    """One figure of each classifier, a row for each set and level."""
    picked = [
        Row(row.head, row.rows, {name: pick(found) for name, found in row.found.items()})
        for row in by_set(figures)
    ]
    return [_with_best(row, best) for row in picked]


def macro_f1_by_set(figures: Iterable[Figures]) -> list[Row[Interval]]:
    """Macro-F1, a row for each set and level."""
    return intervals_by_set(figures, lambda found: found.macro_f1, "highest")


def macro_f1_by_slice(
    figures: Iterable[Figures], dataset: str, level: Level, by: Literal["source", "length"]
) -> list[Row[Interval]]:
    """Macro-F1, a row for each part of a set; none when it was not cut this way."""
    rows: dict[str, Row[Interval]] = {}
    for found in figures:
        if (found.dataset, found.level) == (dataset, level):
            for part in (part for part in found.slices if part.by == by):
                row = rows.setdefault(part.name, Row((part.name,), part.rows))
                row.found[found.classifier] = part.macro_f1
    return [_with_best(row, "highest") for row in rows.values()]


def differences_by_set(differences: Iterable[Difference]) -> list[Row[Interval]]:
    """Differences to each other classifier, a row for each set and level."""
    rows: dict[tuple[str, ...], Row[Interval]] = {}
    for found in differences:
        head = (found.dataset, found.level)
        rows.setdefault(head, Row(head, 0)).found[found.against] = found.macro_f1
    return list(rows.values())


def _with_best(row: Row[Interval], best: Literal["highest", "lowest"]) -> Row[Interval]:
    sign = 1 if best == "highest" else -1
    name = max(row.found, key=lambda each: sign * row.found[each].value)
    return Row(row.head, row.rows, row.found, name)
