"""The tables of a run: made once, shown on a terminal and in the documents."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from bench.core_tables import core_tables
from bench.latency import LatencyRun
from bench.results import Results, Rounds, cheaper_than, faster_than, median_of
from bench.scale_tables import scale_tables
from bench.table import NOTHING, Table, every_review, times, wrong
from bench.tuning import Trial


def tables(results: Results) -> Iterator[Table]:
    """Those for which there are figures."""
    every = (*_compared(results), *scale_tables(results), *core_tables(results))
    return (table for table in every if table.rows)


def _compared(results: Results) -> Iterator[Table]:
    rounds = f"medians of {results.plan.rounds} rounds"
    yield _sweeps(results.sweeps)
    yield _rounds("throughput", f"Throughput of one worker process, {rounds}", results.throughput)
    title = "The streaming layer alone: every one has the product's scorer"
    yield _rounds("layers", f"{title}, {rounds}", results.layers)
    yield _latency(results)


def _sweeps(sweeps: Mapping[str, Sequence[Trial]]) -> Table:
    rows = [
        (
            name,
            ", ".join(f"{option} {value}" for option, value in trial.tuning.items()),
            f"{trial.reviews_per_s:,.0f}",
        )
        for name, trials in sweeps.items()
        for trial in trials
    ]
    return Table("sweeps", "Sweeps, the best first", ("", "tuning", "reviews/s"), rows)


def _rounds(name: str, title: str, rounds: Rounds) -> Table:
    figures = ("reviews/s", "CPU µs a review", "RSS MB", "PSS MB")
    columns = ("", *figures, "product is faster by", "takes more CPU by", "results")
    return Table(name, title, columns, [_round_row(rounds, one) for one in rounds])


def _round_row(rounds: Rounds, name: str) -> Sequence[str]:
    """Medians over the rounds; a ratio is the median of the rounds' ratios."""
    runs = rounds[name]
    if not all(run.valid for run in runs):
        return (name, *[NOTHING] * 6, "; ".join(wrong(run.account, run.flaw) for run in runs))
    return (
        name,
        f"{median_of(runs, 'reviews_per_s'):,.0f}",
        f"{median_of(runs, 'cpu_us'):,.1f}",
        f"{median_of(runs, 'memory_mb'):,.0f}",
        f"{median_of(runs, 'own_memory_mb'):,.0f}",
        times(faster_than(rounds, name)),
        times(cheaper_than(rounds, name)),
        every_review(runs[0].account),
    )


def _latency(results: Results) -> Table:
    title = "Latency in ms from the intended time of sending to the result read, open loop, medians"
    columns = (
        "",
        "reviews/s",
        "runs",
        "p50",
        "p99",
        "p99.9",
        "p99 against the echo",
        "sender late, p99",
        "results",
    )
    rows = [
        _latency_row(results, rate, name, runs)
        for rate, competitors in results.latency.items()
        for name, runs in competitors.items()
    ]
    return Table("latency", title, columns, rows)


def _latency_row(results: Results, rate: int, name: str, runs: Sequence[LatencyRun]) -> Sequence[str]:
    heading = (name, f"{rate:,}", str(len(runs)))
    if not all(run.valid for run in runs):
        return (*heading, *[NOTHING] * 5, "; ".join(wrong(run.account, None) for run in runs))
    figures = [
        f"{median(getattr(run.latency, quantile) for run in runs):.1f}" for quantile in ("p50", "p99", "p999")
    ]
    late = f"{median(run.late_p99_ms for run in runs):.1f}"
    return (
        *heading,
        *figures,
        times(results.p99_against_echo(rate, name)),
        late,
        every_review(runs[0].account),
    )
