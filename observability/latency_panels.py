"""Is it fast?"""

from typing import Final

from observability.objectives import FAST_BURN, LATENCY_BOUND, LATENCY_BUDGET, SLOW_BURN
from observability.panels import GREEN, ORANGE, RED, Facts, Panel, Query, heat, lines, number
from observability.queries import quantile, rate, series

_LATENCY: Final = "review_latency_seconds"
_LIMITS_S: Final = ((0.3, ORANGE), (1, RED))
_WITHIN_LIMITS: Final = ((0.95, ORANGE), (1 - LATENCY_BUDGET, GREEN))


def _within(histogram: str) -> str:
    """The share of a histogram within the latency's bound."""
    part = rate(f"{histogram}_bucket", f'le="{LATENCY_BOUND}"')
    return f"{part} / {rate(f'{histogram}_count')}"


def newest_p99() -> Panel:
    """The slowest but one in a hundred."""
    return number(
        Facts(
            "Latency, p99",
            "99 of 100 results were held by the broker within this time of their record's timestamp.",
            "s",
            [Query(quantile(0.99, _LATENCY), "p99")],
            thresholds=_LIMITS_S,
            width=3,
        )
    )


def newest_within() -> Panel:
    """The objective, now."""
    return number(
        Facts(
            "Within 300 ms",
            "Share of the results that the broker held within 300 ms of their record's timestamp; the "
            "objective is 99 %.",
            "percentunit",
            [Query(_within(_LATENCY), "within 300 ms")],
            base=RED,
            thresholds=_WITHIN_LIMITS,
            width=3,
        )
    )


def budget_left() -> Panel:
    """The objective, over the time shown."""
    bucket = series(f"{_LATENCY}_bucket", f'le="{LATENCY_BOUND}"')
    within = f"sum(increase({bucket}[$__range])) / sum(increase({series(f'{_LATENCY}_count')}[$__range]))"
    return number(
        Facts(
            "Error budget left",
            "Of the one result in a hundred that may take longer than 300 ms, over the time shown. Below 0 "
            "the objective is missed.",
            "percentunit",
            [Query(f"1 - (1 - {within}) / {LATENCY_BUDGET}", "left")],
            base=RED,
            thresholds=((0, ORANGE), (0.5, GREEN)),
            width=3,
        )
    )


def end_to_end() -> Panel:
    """Quantiles over time."""
    quantiles = {0.5: "p50", 0.9: "p90", 0.99: "p99", 0.999: "p99.9"}
    return lines(
        Facts(
            "End-to-end latency",
            "From a record's timestamp to its result held by the broker, what waits in the topic included. "
            "The lines: 300 ms and 1 s.",
            "s",
            [Query(quantile(of, _LATENCY), name) for of, name in quantiles.items()],
            thresholds=_LIMITS_S,
            width=12,
        )
    )


def where_results_fall() -> Panel:
    """All of the distribution."""
    return heat(
        Facts(
            "Where the results fall",
            "End-to-end latency: results per second in each bucket. A second band above the first is a part "
            "of the stream that waits: look at the lag by partition.",
            "s",
            [Query(rate(f"{_LATENCY}_bucket", by="le"), "{{le}}")],
            thresholds=_LIMITS_S,
            width=12,
        )
    )


def within_over_time() -> Panel:
    """Ours and the topic's part of the objective."""
    return lines(
        Facts(
            "Results within 300 ms",
            "Of their record's timestamp, and of being fetched. When only the first falls, records wait in "
            "the topic: add workers.",
            "percentunit",
            [
                Query(_within(_LATENCY), "of the timestamp"),
                Query(_within("processing_seconds"), "of being fetched"),
            ],
            base=RED,
            thresholds=_WITHIN_LIMITS,
        )
    )


def burn() -> Panel:
    """What the alerts look at."""
    return lines(
        Facts(
            "Burn of the error budget",
            "How many times faster than evenly the budget is used: at 1 it lasts, at 6 for hours there is a "
            "ticket, at 14.4 for an hour somebody is called.",
            "none",
            [Query(f"(1 - {_within(_LATENCY)}) / {LATENCY_BUDGET}", "times")],
            thresholds=((1, ORANGE), (SLOW_BURN, ORANGE), (FAST_BURN, RED)),
        )
    )


def stages() -> Panel:
    """Where the time goes."""
    return lines(
        Facts(
            "Stage times per slice, p99",
            "99 of 100 slices spent at most this time in the stage; publish is the wait for the broker. The "
            "line: 100 ms, where the buckets end.",
            "s",
            [Query(quantile(0.99, "stage_seconds", by="stage"), "{{stage}}")],
            thresholds=((0.1, RED),),
        )
    )
