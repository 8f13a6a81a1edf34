"""The model: which one, what it makes of the reviews, what it costs."""

from observability.pace import DAY
from observability.panels import BLUE, GREEN, ORANGE, RED, Facts, Panel, Query, heat, lines, number
from observability.queries import INTERVAL, mean, quantile, rate, series

_VERSIONS = Query(f"count by (version) ({series('model_info')})", "{{version}}")


def version() -> Panel:
    """Which model."""
    return number(
        Facts(
            "Model",
            "Version in use. More than one: a promotion has not reached every worker.",
            "none",
            [_VERSIONS],
            base=BLUE,
            width=6,
        ),
        names=True,
    )


def age() -> Panel:
    """How old it is."""
    return number(
        Facts(
            "Age",
            "Since the oldest model in use was made.",
            "s",
            [Query(f"max(time() - {series('model_created_timestamp_seconds')})", "age")],
            thresholds=((60 * DAY, ORANGE), (90 * DAY, RED)),
            width=4,
        )
    )


def loaded() -> Panel:
    """When it was loaded."""
    return number(
        Facts(
            "Loaded",
            "Since a worker last loaded its model, by start or SIGHUP.",
            "s",
            [Query(f"min(time() - {series('model_loaded_timestamp_seconds')})", "ago")],
            base=BLUE,
            width=4,
        )
    )


def refused_reloads() -> Panel:
    """Whether another one was refused."""
    refused = series("model_reloads_total", 'outcome="refused"')
    return number(
        Facts(
            "Refused reloads",
            "Models that did not pass their checks, since the workers' start: the former one goes on, and "
            "the log says why.",
            "short",
            [Query(f"sum({refused})", "refused")],
            thresholds=((1, ORANGE),),
            width=4,
        )
    )


def scores() -> Panel:
    """All of the distribution."""
    return heat(
        Facts(
            "Scores",
            "Reviews per second by score, 0 negative to 1 positive. A band that moves is drift, or a new "
            "model.",
            "none",
            [Query(rate("score_bucket", by="le"), "{{le}}")],
            base=BLUE,
            width=12,
        )
    )


def quartiles() -> Panel:
    """The distribution in four lines."""
    quartile = {0.25: "lower quartile", 0.5: "median", 0.75: "upper quartile"}
    return lines(
        Facts(
            "Score",
            "Mean and quartiles of the reviews' scores. The lines are a third and two thirds.",
            "none",
            [
                Query(mean("score"), "mean"),
                *(Query(quantile(of, "score"), name) for of, name in quartile.items()),
            ],
            base=RED,
            thresholds=((0.333, ORANGE), (0.667, GREEN)),
            width=12,
        )
    )


def sentences_per_review() -> Panel:
    """How long the reviews are."""
    return lines(
        Facts(
            "Sentences per review",
            "Mean and p95. When it jumps, the senders changed what they send, or how it is split.",
            "short",
            [
                Query(mean("sentences_per_review"), "mean"),
                Query(quantile(0.95, "sentences_per_review"), "p95"),
            ],
        )
    )


def rated() -> Panel:
    """What the agreement rests on."""
    classified = rate("reviews_total", 'outcome="classified"')
    return lines(
        Facts(
            "Reviews with a rating",
            "Share of the classified reviews that bring one: what the agreement rests on.",
            "percentunit",
            [Query(f"{rate('rating_agreement_total')} / {classified}", "rated")],
            base=ORANGE,
            thresholds=((0.05, GREEN),),
        )
    )


def scoring_time() -> Panel:
    """What a sentence costs."""
    seconds = rate("stage_seconds_sum", 'stage="score"')
    return lines(
        Facts(
            "Scoring time per sentence",
            "Mean, decision included. The line: 10 µs.",
            "s",
            [Query(f"{seconds} / {rate('sentences_total')}", "scoring")],
            thresholds=((1e-5, ORANGE),),
        )
    )


def workers_by_version() -> Panel:
    """Where which model runs."""
    return lines(
        Facts(
            "Workers by model",
            "Two versions side by side: a promotion is on its way. For long: a worker refused the new one.",
            "short",
            [_VERSIONS],
        )
    )


def reloads() -> Panel:
    """Whether promotions arrive."""
    ended = f"sum by (outcome) (increase({series('model_reloads_total')}[{INTERVAL}]))"
    return lines(
        Facts(
            "Reloads",
            "After SIGHUP, by outcome, per interval.",
            "short",
            [Query(ended, "{{outcome}}")],
        )
    )
