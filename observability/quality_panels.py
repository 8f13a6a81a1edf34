"""Is it right? Both dashboards ask."""

from typing import Final

from observability.objectives import PSI_LARGE_SHIFT, PSI_SHIFT
from observability.panels import GREEN, ORANGE, RED, Facts, Panel, Query, lines, number
from observability.queries import PARTITIONS, rate, series, share, shares

_AGREE: Final = (Query(share("rating_agreement_total", 'outcome="agree"'), "agree"),)
_AGREEMENT_LIMITS: Final = ((0.5, ORANGE), (0.65, GREEN))
_DRIFT_LIMITS: Final = ((PSI_SHIFT, ORANGE), (PSI_LARGE_SHIFT, RED))


def newest_dead_letters() -> Panel:
    """Dead letters, now."""
    return number(
        Facts(
            "Dead letters",
            "Share of the records that could not be classified; below, by reason.",
            "percentunit",
            [Query(share("reviews_total", 'outcome="dead_lettered"'), "dead letters")],
            thresholds=((0.01, ORANGE), (0.05, RED)),
            width=2,
        )
    )


def newest_agreement() -> Panel:
    """Agreement, now."""
    return number(
        Facts(
            "Agreement",
            "Share of the rated reviews whose label is the rating's class.",
            "percentunit",
            _AGREE,
            base=RED,
            thresholds=_AGREEMENT_LIMITS,
            width=3,
        )
    )


def newest_drift() -> Panel:
    """Drift, now."""
    return number(
        Facts(
            "Drift",
            "The largest stability index of any feature: from .1 a shift, from .25 a large one. Empty until "
            "a worker has seen 1,000 reviews.",
            "none",
            [Query(f"max({series('drift_psi')})", "largest")],
            thresholds=_DRIFT_LIMITS,
            width=3,
        )
    )


def sentiment_of_reviews() -> Panel:
    """The mix of labels."""
    return lines(
        Facts(
            "Sentiment of reviews",
            "Share of each label. A sudden shift without a new model (the marks) means that the input "
            "changed.",
            "percentunit",
            [Query(shares("review_labels_total", "label"), "{{label}}")],
        ),
        stacked=True,
    )


def sentiment_of_sentences() -> Panel:
    """The mix of labels, a level below."""
    return lines(
        Facts(
            "Sentiment of sentences",
            "Share of each label among classified sentences.",
            "percentunit",
            [Query(shares("sentences_total", "label"), "{{label}}")],
        ),
        stacked=True,
    )


def agreement() -> Panel:
    """Quality without a labeller."""
    return lines(
        Facts(
            "Agreement with the rating",
            "Share of the rated reviews whose label is the rating's class. When it falls, the model or the "
            "input changed; compare with the model card.",
            "percentunit",
            _AGREE,
            base=RED,
            thresholds=_AGREEMENT_LIMITS,
        )
    )


def drift() -> Panel:
    """Whether the reviews are what the model knows."""
    return lines(
        Facts(
            "Drift",
            "Stability index of the newest reviews (an hour, 1,000 at least) against the model's reference: "
            "the largest of the workers. The lines: .1, a shift, and .25, a large one.",
            "none",
            [Query(f"max by (feature) ({series('drift_psi')})", "{{feature}}")],
            thresholds=_DRIFT_LIMITS,
        )
    )


def dead_letters() -> Panel:
    """Why records were not classified."""
    return lines(
        Facts(
            "Dead letters by reason",
            "Per second; `stream-app dlq list` shows the records. scoring_failed and result_too_large are "
            "our own faults, the others the sender's. The line: one a second.",
            "reqps",
            [Query(rate("dead_letters_total", by="reason"), "{{reason}}")],
            thresholds=((1, ORANGE),),
            width=12,
        )
    )


def lost_reviews() -> Panel:
    """What must not be."""
    return lines(
        Facts(
            "Lost reviews",
            "Deleted by the topic's retention before they could be read, since the workers' start. Anything "
            "above 0 is a loss.",
            "short",
            [Query(f"sum by (topic) ({series('offset_gaps_total', of=PARTITIONS)})", "{{topic}}")],
            thresholds=((1, RED),),
            width=12,
        )
    )
