"""The tables of what depends on size: after a pause, groups, partitions, starts."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from bench.recovery import LIVE_RATE, RecoveryRun
from bench.results import Results, median_of
from bench.scale import PartitionsRun
from bench.table import NOTHING, Table, every_review, times, wrong
from bench.throughput import BacklogRun


def scale_tables(results: Results) -> Iterator[Table]:
    """One after the other; without rows where nothing was measured."""
    if results.recovery:
        yield _recovery(results.recovery)
    yield _workers(results.workers)
    yield _partitions(results.partitions)
    yield _starts(results.starts)
    yield _profile(results.profile)


def _recovery(run: RecoveryRun) -> Table:
    title = f"A worker comes back to {run.waiting:,} waiting reviews, while {LIVE_RATE} a second come"
    after, normal = run.just_after, run.normal
    rows = [
        ("drained after its first result, s", f"{run.drained_s:.1f}"),
        ("reviews/s meanwhile", f"{run.reviews_per_s:,.0f}"),
        ("RSS MB when a tenth was drained", f"{run.early_memory_mb:,.0f}"),
        ("RSS MB at most after that", f"{run.memory_mb:,.0f}"),
        ("p50, p99 of the first two seconds after the drain, ms", f"{after.p50:.0f}, {after.p99:.0f}"),
        ("p50, p99 after that, ms", f"{normal.p50:.0f}, {normal.p99:.0f}"),
        ("results", every_review(run.account) if run.valid else wrong(run.account, None)),
    ]
    return Table("recovery", title, ("", "measured"), rows)


def _workers(groups: Mapping[int, Sequence[BacklogRun]]) -> Table:
    rows = [_workers_row(groups, workers) for workers in groups]
    columns = ("workers", "reviews/s", "CPU µs a review", "CPU against one", "PSS MB of all", "results")
    return Table("workers", "Workers in one group, on the cores of this one machine", columns, rows)


def _workers_row(groups: Mapping[int, Sequence[BacklogRun]], workers: int) -> Sequence[str]:
    runs, one = groups[workers], next(iter(groups.values()))
    if not all(run.valid for run in (*one, *runs)):
        return (str(workers), *[NOTHING] * 4, "; ".join(wrong(run.account, run.flaw) for run in runs))
    return (
        str(workers),
        f"{median_of(runs, 'reviews_per_s'):,.0f}",
        f"{median_of(runs, 'cpu_us'):.1f}",
        times(median_of(runs, "cpu_us") / median_of(one, "cpu_us")),
        f"{median_of(runs, 'own_memory_mb'):,.0f}",
        every_review(runs[0].account),
    )


def _partitions(runs: Mapping[int, PartitionsRun]) -> Table:
    rows = [
        (
            str(partitions),
            f"{one.run.reviews_per_s:,.0f}",
            f"{one.run.cpu_us:.1f}",
            f"{one.series:,}",
            f"{one.scrape_ms:.1f}",
            every_review(one.run.account) if one.run.valid else wrong(one.run.account, one.run.flaw),
        )
        for partitions, one in runs.items()
    ]
    columns = ("partitions", "reviews/s", "CPU µs a review", "series of metrics", "scrape, ms", "results")
    return Table("partitions", "One worker, by the partitions of its topics", columns, rows)


def _starts(seconds: Sequence[float]) -> Table:
    figures = [median(seconds), min(seconds), max(seconds)] if seconds else []
    rows = [(*(f"{figure:.2f}" for figure in figures), str(len(seconds)))] if figures else []
    columns = ("median", "shortest", "longest", "starts")
    title = "From the start of the process to its first result, warm caches, in seconds"
    return Table("starts", title, columns, rows)


def _profile(profile: Mapping[str, float]) -> Table:
    total = sum(profile.values())
    rows = [(place, f"{us:.2f}", f"{us / total:.0%}") for place, us in profile.items()]
    all_of_it = [("all", f"{total:.2f}", "100%")] if rows else []
    columns = ("", "CPU µs a review", "share")
    return Table("profile", "Where the worker's time goes", columns, [*rows, *all_of_it])
