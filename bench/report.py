"""What a run prints: tables that can be read on a terminal and in a log alike."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.account import Account
from bench.competitors import LOOP
from bench.core_alone import STAGES, CoreCost
from bench.plan import LATENCY_RATE, WARM_UP_S
from bench.results import Results
from bench.throughput import BacklogRun
from bench.tuning import Trial

_WIDTH = 130
_NOTHING = "-"


def new_console() -> Console:
    """Where a report goes: as wide as the tables need when that is no terminal."""
    return Console(highlight=False, width=None if Console().is_terminal else _WIDTH)


def show(results: Results, console: Console) -> None:
    """Print the run."""
    for part in (*_heading(results), *_tables(results)):
        console.print(part)
    for name, how in results.how.items():
        console.print(f"{name}: {how}")


def _heading(results: Results) -> Iterator[str]:
    machine, reviews = results.machine, results.reviews
    yield f"{machine['cpu']}, {machine['cores']} cores, load before the run {machine['load_before']}"
    yield f"commit {results.commit}, Python {machine['python']}, {_versions(results.versions)}"
    yield f"peers: {_versions(results.peers)}"
    repeated = f"{reviews.reviews:,} reviews of the {reviews.origin}, repeated; {reviews.left_out} left out"
    yield f"{repeated}; {reviews.mean_bytes:,.0f} bytes each on average\n"


def _tables(results: Results) -> Iterator[Table]:
    if results.sweep:
        yield _sweep_table(results.sweep)
    yield _throughput_table(results)
    yield _latency_table(results)
    yield _core_table(results.core)


def _sweep_table(trials: Sequence[Trial]) -> Table:
    table = _table(f"Sweep of the {LOOP}, the best first", "batch", "compression", "linger ms", "reviews/s")
    for tuning, figure in trials:
        table.add_row(tuning["batch"], tuning["compression"], tuning["linger-ms"], f"{figure:,.0f}")
    return table


def _throughput_table(results: Results) -> Table:
    """Medians over the rounds; a ratio is the median of the rounds' ratios."""
    title = f"Throughput of one worker process, medians of {results.plan.rounds} rounds"
    columns = (
        "reviews/s",
        "CPU µs/review",
        "memory MB",
        "result bytes",
        "product/this",
        "CPU: this/product",
        "results",
    )
    table = _table(title, "", *columns)
    for name, runs in results.throughput.items():
        ratios = (_times(results.faster_than(name)), _times(results.cheaper_than(name)))
        valid = all(run.valid for run in runs)
        figures = _backlog_figures(runs) if valid else [_NOTHING] * 4
        verdict = (
            _every_review(runs[0].account) if valid else "\n".join(_wrong(r.account, r.flaw) for r in runs)
        )
        table.add_row(name, *figures, *ratios, verdict)
    return table


def _backlog_figures(runs: Sequence[BacklogRun]) -> list[str]:
    return [
        f"{median(run.reviews_per_s for run in runs):,.0f}",
        f"{median(run.cpu_us for run in runs):,.1f}",
        f"{median(run.memory_mb for run in runs):,.0f}",
        f"{median(run.result_bytes for run in runs):,.0f}",
    ]


def _latency_table(results: Results) -> Table:
    """Medians over the rounds; the ratio is the median of the rounds' ratios."""
    plan = results.plan
    load = f"{LATENCY_RATE:,.0f} reviews/s for {plan.latency_s:g} s, the first {WARM_UP_S:g} s not timed"
    title = (
        f"Latency in ms from intended send to result read, medians of {plan.latency_rounds} rounds: {load}"
    )
    table = _table(title, "", "p50", "p99", "p99.9", "p99: this/echo", "generator late, p99", "results")
    for name, runs in results.latency.items():
        if not all(run.valid for run in runs):
            table.add_row(name, *[_NOTHING] * 5, "\n".join(_wrong(run.account, None) for run in runs))
            continue
        figures = [f"{median(run.latency[place] for run in runs):.1f}" for place in range(3)]
        late = f"{median(run.late_p99_ms for run in runs):.1f}"
        table.add_row(
            name, *figures, _times(results.p99_against_echo(name)), late, _every_review(runs[0].account)
        )
    return table


def _core_table(costs: Sequence[CoreCost]) -> Table:
    table = _table("The core alone, µs per review", "reviews in a slice", *STAGES, "all")
    for cost in costs:
        table.add_row(str(cost.slice_size), *(f"{cost.stages[s]:.1f}" for s in STAGES), f"{cost.total:.1f}")
    return table


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column(first, overflow="fold")
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _versions(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _times(ratio: float | None) -> str:
    return _NOTHING if ratio is None else f"{ratio:.2f}"


def _every_review(account: Account) -> str:
    return f"all {account.inputs:,}"


def _wrong(account: Account, flaw: str | None) -> str:
    counts = {"lost": account.lost, "repeated": account.duplicates, "unknown": account.unknown}
    told = [f"{count:,} {name}" for name, count in counts.items() if count]
    return f"WRONG: {', '.join([*told, *([flaw] if flaw else [])]) or 'see the others'}"
