"""Series that the alerts compare: shares per job over the windows that burn rates need."""

from observability.objectives import LATENCY_BOUND, OWN_FAULTS
from observability.pace import DAY, HOUR, MINUTE, Pace
from observability.rules import Group, Recording

_BURN_WINDOWS = {"5m": 5 * MINUTE, "30m": 30 * MINUTE, "1h": HOUR, "6h": 6 * HOUR}


def recordings(pace: Pace) -> list[Group]:
    """All recording rules."""
    return [
        Group(
            "stream-app-latency",
            [
                Recording(
                    f"job:stream_app_review_latency_seconds:slow_share{name}", slow(pace.duration(window))
                )
                for name, window in _BURN_WINDOWS.items()
            ],
        ),
        Group(
            "stream-app-loss",
            [
                Recording(f"job:stream_app_reviews:lost_share{name}", lost(pace.duration(window)))
                for name, window in _BURN_WINDOWS.items()
            ],
        ),
        Group("stream-app-quality", _quality(pace)),
    ]


def slow(window: str) -> str:
    """The share of the results above the latency's bound."""
    within = f'rate(stream_app_review_latency_seconds_bucket{{le="{LATENCY_BOUND}"}}[{window}])'
    all_of_them = f"rate(stream_app_review_latency_seconds_count[{window}])"
    return f"1 - sum by (job) ({within}) / sum by (job) ({all_of_them})"


def lost(window: str) -> str:
    """The share of the good reviews that ended without a result.

    A worker finds a gap as soon as it starts, before its first scrape: a series that is younger than the
    window counts from zero, since `increase` alone would not see its first value.
    """
    gaps = "stream_app_offset_gaps_total"
    deleted = f"sum by (job) (({gaps} unless {gaps} offset {window}) or increase({gaps}[{window}]))"
    failed = f'sum by (job) (increase(stream_app_dead_letters_total{{reason=~"{OWN_FAULTS}"}}[{window}]))'
    read = f"sum by (job) (increase(stream_app_reviews_total[{window}]))"
    return f"({deleted} + {failed}) / ({read} + {deleted})"


def _quality(pace: Pace) -> list[Recording]:
    return [
        Recording("job_topic:stream_app_lag_records:sum", "sum by (job, topic) (stream_app_lag_records)"),
        Recording("job:stream_app_reviews:dead_letter_share10m", _dead_lettered(pace.duration(10 * MINUTE))),
        Recording("job:stream_app_rating_agreement:share30m", _agreeing(pace.duration(30 * MINUTE))),
        Recording("job:stream_app_rating_agreement:share1d", _agreeing(pace.duration(DAY))),
    ]


def _dead_lettered(window: str) -> str:
    part = f'sum by (job) (rate(stream_app_reviews_total{{outcome="dead_lettered"}}[{window}]))'
    return f"{part} / sum by (job) (rate(stream_app_reviews_total[{window}]))"


def _agreeing(window: str) -> str:
    part = f'sum by (job) (rate(stream_app_rating_agreement_total{{outcome="agree"}}[{window}]))'
    return f"{part} / sum by (job) (rate(stream_app_rating_agreement_total[{window}]))"
