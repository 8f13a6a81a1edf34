"""Is it keeping up?"""

from typing import Final

from observability.panels import BLUE, ORANGE, RED, Facts, Panel, Query, lines, number
from observability.queries import INTERVAL, PARTITIONS, mean, rate, series

_LAG_LIMITS_S: Final = ((5, ORANGE), (60, RED))
_BY_PARTITION: Final = "max by (topic, partition)"
_PARTITION: Final = "{{topic}}/{{partition}}"

_OUT: Final = rate("reviews_total")
# What came in is what went out and what waits more than before.
_IN: Final = f"clamp_min({_OUT} + sum(deriv({series('lag_records', of=PARTITIONS)}[{INTERVAL}])), 0)"
_RATES: Final = (Query(_IN, "in"), Query(_OUT, "out"))


def newest_rates() -> Panel:
    """In and out, now."""
    return number(
        Facts(
            "Reviews per second",
            "Into the topic and out of the workers, as results and dead letters.",
            "reqps",
            _RATES,
            base=BLUE,
            width=4,
        )
    )


def oldest_waiting() -> Panel:
    """The lag in seconds, now."""
    return number(
        Facts(
            "Oldest waiting review",
            "Age of the oldest uncommitted record of any partition; 0 when none waits.",
            "s",
            [Query(f"max({series('lag_seconds', of=PARTITIONS)})", "age")],
            thresholds=_LAG_LIMITS_S,
            width=3,
        )
    )


def rates() -> Panel:
    """In and out, over time."""
    return lines(
        Facts(
            "Reviews in and out",
            "Per second; in is what the topic got: what went out and what waits more than before.",
            "reqps",
            _RATES,
        )
    )


def lag_records() -> Panel:
    """How much waits."""
    return lines(
        Facts(
            "Lag in records",
            "Offsets between the committed one and the end, by partition. Growing in all: too few workers. "
            "Growing in one: that worker is stuck or a key is hot.",
            "short",
            [Query(f"{_BY_PARTITION} ({series('lag_records', of=PARTITIONS)})", _PARTITION)],
        )
    )


def lag_seconds() -> Panel:
    """How long it waits."""
    return lines(
        Facts(
            "Lag in seconds",
            "Age of the first uncommitted record, by partition. The lines: 5 s and 60 s.",
            "s",
            [Query(f"{_BY_PARTITION} ({series('lag_seconds', of=PARTITIONS)})", _PARTITION)],
            thresholds=_LAG_LIMITS_S,
        )
    )


def slice_sizes() -> Panel:
    """How many records a worker takes at once."""
    return lines(
        Facts(
            "Reviews per slice",
            "Mean number of records that a worker takes at once: 1 when idle, up to STREAM_MAX_BATCH (the "
            "line: its default) under load.",
            "short",
            [Query(mean("batch_reviews", by="instance"), "{{instance}}")],
            thresholds=((256, ORANGE),),
            width=6,
        )
    )


def in_flight() -> Panel:
    """How many slices the broker has not taken yet."""
    return lines(
        Facts(
            "Slices in flight",
            "Sent and not yet held by the broker. At the limit (the line: the default of "
            "STREAM_MAX_IN_FLIGHT, if they are full) the broker is the brake.",
            "short",
            [Query(series("in_flight_batches"), "{{instance}}")],
            thresholds=((16, ORANGE),),
            width=6,
        )
    )


def since_progress() -> Panel:
    """What /livez looks at."""
    waiting = f"sum by (job, instance) ({series('lag_records')}) > bool 0"
    since = f"(time() - {series('last_progress_timestamp_seconds')}) * on (job, instance) ({waiting})"
    return lines(
        Facts(
            "Time since progress",
            "Since the broker last took all outputs of a slice, while records wait for the worker; else 0. "
            "Above 60 s /livez fails.",
            "s",
            [Query(since, "{{instance}}")],
            thresholds=((60, RED),),
            width=6,
        )
    )


def lag_age() -> Panel:
    """Whether the lag is known at all."""
    return lines(
        Facts(
            "Age of the lag",
            "Time since the lag was read, every 5 s: when it grows, Kafka cannot be reached and the curves "
            "above are that old.",
            "s",
            [Query(series("lag_age_seconds"), "{{instance}}")],
            thresholds=((15, ORANGE), (60, RED)),
            width=6,
        )
    )
