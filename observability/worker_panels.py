"""The workers: their group and their processes."""

from observability.panels import ORANGE, RED, Facts, Panel, Query, lines, rows
from observability.queries import INTERVAL, WORKERS, rate, series

_BY_WORKER = "{{instance}}"


def partitions() -> Panel:
    """Who owns how many."""
    return lines(
        Facts(
            "Partitions",
            "Owned by worker; a standby has none.",
            "short",
            [Query(series("assigned_partitions"), _BY_WORKER)],
            width=6,
        )
    )


def paused() -> Panel:
    """Who does not fetch."""
    return lines(
        Facts(
            "Paused partitions",
            "Owned, but not fetched from. Anything but a moment of it is a fault.",
            "short",
            [Query(series("paused_partitions"), _BY_WORKER)],
            thresholds=((1, ORANGE),),
            width=6,
        )
    )


def rebalances() -> Panel:
    """How restless the group is."""
    return lines(
        Facts(
            "Rebalances",
            "Times the group shared out its partitions anew, per interval. Many: members come and go.",
            "short",
            [Query(f"sum(increase({series('rebalances_total')}[{INTERVAL}]))", "rebalances")],
            thresholds=((5, ORANGE),),
            width=6,
        )
    )


def commits() -> Panel:
    """Whether what is done is kept."""
    return lines(
        Facts(
            "Commits",
            "Of offsets, per second, by outcome. A failed one is covered by the next; many mean repeats "
            "after the next start.",
            "ops",
            [Query(rate("commits_total", by="outcome"), "{{outcome}}")],
            width=6,
        )
    )


def restarts() -> Panel:
    """Whether they stay up."""
    return lines(
        Facts(
            "Restarts",
            "Starts of each worker's process over the time shown, beyond the first. A worker ends itself "
            "when it cannot go on without losing a review: its log's last line says why.",
            "short",
            [Query(f"changes(process_start_time_seconds{{{WORKERS}}}[$__range])", _BY_WORKER)],
            thresholds=((1, ORANGE), (3, RED)),
            width=6,
        )
    )


def refused_outputs() -> Panel:
    """What the broker did not take."""
    errors = f"sum by (error) (increase({series('publish_errors_total')}[{INTERVAL}]))"
    return lines(
        Facts(
            "Refused outputs",
            "Results and dead letters that the broker refused, by error; the worker ends after one.",
            "short",
            [Query(errors, "{{error}}")],
            thresholds=((1, RED),),
            width=6,
        )
    )


def cpu() -> Panel:
    """How busy they are."""
    return lines(
        Facts(
            "CPU",
            "Cores by worker. A worker is one process and one event loop: near 1 it is full.",
            "percentunit",
            [Query(f"rate(process_cpu_seconds_total{{{WORKERS}}}[{INTERVAL}])", _BY_WORKER)],
            thresholds=((0.9, RED),),
            width=6,
        )
    )


def memory() -> Panel:
    """How large they are."""
    return lines(
        Facts(
            "Memory",
            "Resident, by worker; it should be flat. The line: 350 MB.",
            "bytes",
            [Query(f"process_resident_memory_bytes{{{WORKERS}}}", _BY_WORKER)],
            thresholds=((350_000_000, ORANGE),),
            width=6,
        )
    )


def workers() -> Panel:
    """Who they are."""
    build = f'label_replace({series("build_info")}, "build", "$1", "version", "(.*)")'
    return rows(
        Facts(
            "Workers",
            "Scraped last, with their model and the program's version.",
            "none",
            [Query(f"{series('model_info')} * on (job, instance) group_left (build) {build}", "")],
            width=24,
        ),
        hidden=["Time", "Value", "__name__"],
        order=["job", "instance", "build", "version", "sha256"],
    )
