"""A table of a run, and what stands in its cells."""

from collections.abc import Sequence
from typing import NamedTuple

from bench.account import Account

NOTHING = "-"


class Table(NamedTuple):
    """Rows of text.

    Attributes:
        name: under which a document asks for it.
        title: what it shows.
        columns: the first is the row's name.
        rows: each as long as the columns.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def times(ratio: float | None) -> str:
    """A ratio, where there is one."""
    return NOTHING if ratio is None else f"{ratio:.2f}"


def every_review(account: Account) -> str:
    """That nothing is missing."""
    return f"all {account.inputs:,}"


def wrong(account: Account, flaw: str | None) -> str:
    """What is wrong with a run."""
    counts = {"lost": account.lost, "repeated": account.duplicates, "unknown": account.unknown}
    told = [f"{count:,} {name}" for name, count in counts.items() if count]
    return f"WRONG: {', '.join([*told, *([flaw] if flaw else [])]) or 'see the others'}"
