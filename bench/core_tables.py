"""The tables of the core alone."""

from collections.abc import Iterator, Sequence

from bench.core_alone import STAGES, CoreCost
from bench.cost_curves import Cost
from bench.results import Results
from bench.table import Table


def core_tables(results: Results) -> Iterator[Table]:
    """One after the other; without rows where nothing was measured."""
    yield _core(results.core)
    yield _costs("lengths", "characters", results.lengths)
    yield _costs("sentences", "sentences", results.sentences)
    yield _costs("slices", "reviews in a slice", results.slices)


def _core(costs: Sequence[CoreCost]) -> Table:
    rows = [
        (str(cost.slice_size), *(f"{cost.stages[stage]:.1f}" for stage in STAGES), f"{cost.total:.1f}")
        for cost in costs
    ]
    return Table("core", "The core alone, µs a review", ("reviews in a slice", *STAGES, "all"), rows)


def _costs(name: str, title: str, costs: Sequence[Cost]) -> Table:
    rows = [
        (f"{cost.size:,}", f"{cost.chars:,.0f}", f"{cost.us:,.1f}", f"{cost.us / cost.chars * 1000:.1f}")
        for cost in costs
    ]
    columns = (title, "characters", "µs a review", "µs for 1,000 characters")
    return Table(name, f"The core alone, by {title}", columns, rows)
