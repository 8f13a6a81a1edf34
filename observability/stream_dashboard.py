"""The overview: is it fast, is it keeping up, is it right?"""

from grafana_foundation_sdk.models.dashboard import Dashboard

from observability import latency_panels as latency
from observability import progress_panels as progress
from observability import quality_panels as quality
from observability import worker_panels as worker
from observability.dashboards import Section, new_dashboard
from observability.panels import Panel


def stream_dashboard() -> Dashboard:
    """The dashboard of the whole stream."""
    return new_dashboard(
        "review-sentiment-stream",
        "Review sentiment stream",
        "Is it fast, is it keeping up, is it right? And below: the workers.",
        [
            Section("", _at_a_glance()),
            Section("Is it fast?", _fast()),
            Section("Is it keeping up?", _keeping_up()),
            Section("Is it right?", _right()),
            Section("Workers", _workers()),
        ],
    )


def _at_a_glance() -> list[Panel]:
    return [
        latency.newest_p99(),
        latency.newest_within(),
        latency.budget_left(),
        progress.newest_rates(),
        progress.oldest_waiting(),
        quality.newest_dead_letters(),
        quality.newest_agreement(),
        quality.newest_drift(),
    ]


def _fast() -> list[Panel]:
    return [
        latency.end_to_end(),
        latency.where_results_fall(),
        latency.within_over_time(),
        latency.burn(),
        latency.stages(),
    ]


def _keeping_up() -> list[Panel]:
    return [
        progress.rates(),
        progress.lag_records(),
        progress.lag_seconds(),
        progress.slice_sizes(),
        progress.in_flight(),
        progress.since_progress(),
        progress.lag_age(),
    ]


def _right() -> list[Panel]:
    return [
        quality.sentiment_of_reviews(),
        quality.agreement(),
        quality.drift(),
        quality.dead_letters(),
        quality.lost_reviews(),
    ]


def _workers() -> list[Panel]:
    return [
        worker.partitions(),
        worker.paused(),
        worker.rebalances(),
        worker.commits(),
        worker.restarts(),
        worker.refused_outputs(),
        worker.cpu(),
        worker.memory(),
        worker.workers(),
    ]
