"""Tables of figures in Markdown."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from stream_app.core.scoring import LABELS
from training.behaviour import SuiteResult
from training.bootstrap import Interval
from training.figures import Figures
from training.notation import count, figure, interval, percent, signed_interval
from training.tables import Row


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; what stands in a cell cannot end it."""
    return "\n".join(_lines(head, rows))


def _lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for cells in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(' '.join(cell.replace('|', chr(92) + '|').split()) for cell in cells)} |"


def macro_f1_table(rows: Sequence[Row[Interval]], names: Sequence[str]) -> str:
    """Macro-F1 with intervals: a row for each set and level, or for each part of a set."""
    head = ("part",) if rows and len(rows[0].head) == 1 else ("set", "level")
    cells = [(*row.head, count(row.rows), *_cells(row, names, interval)) for row in rows]
    return table((*head, "rows", *names), cells)


def _cells(row: Row[Interval], names: Sequence[str], written: Callable[[Interval], str]) -> Iterator[str]:
    return (written(row.found[name]) if name in row.found else "" for name in names)


def difference_table(rows: Iterable[Row[Interval]], others: Sequence[str]) -> str:
    """Differences in macro-F1 with intervals: a row for each set and level."""
    cells = [(*row.head, *_cells(row, others, signed_interval)) for row in rows]
    return table(("set", "level", *(f"less {name}" for name in others)), cells)


def own_table(figures: Iterable[Figures]) -> str:
    """Precision, recall and the errors of the score, of one classifier: a row for each set and level."""
    of_classes = [f"{label} {share}" for label in LABELS for share in ("precision", "recall")]
    head = ("set", "level", *of_classes, "score error", "calibration error")
    return table(head, map(_own_row, figures))


def _own_row(found: Figures) -> tuple[str, ...]:
    shares = [
        figure(by_label[label].value) if label in by_label else ""
        for label in LABELS
        for by_label in (found.precision, found.recall)
    ]
    error = figure(found.score_calibration.error)
    return found.dataset, found.level, *shares, interval(found.absolute_error), error


def behaviour_table(results: Mapping[str, Sequence[SuiteResult]]) -> str:
    """Pass rates: a row for each suite, a column for each classifier."""
    head = ("suite", "kind", "cases", "at least", *results)
    rows = [
        (
            found[0].suite,
            found[0].kind,
            str(found[0].cases),
            percent(found[0].threshold),
            *(percent(each.rate) for each in found),
        )
        for found in zip(*results.values(), strict=True)
    ]
    return table(head, rows)
