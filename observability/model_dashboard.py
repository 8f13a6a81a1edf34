"""The model at work: which one, what it makes of the reviews, and whether they are what it knows."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from observability import model_panels as model
from observability import quality_panels as quality
from observability.dashboards import Section, new_dashboard
from observability.panels import Panel


def model_dashboard() -> Dashboard:
    """The dashboard of the model."""
    return new_dashboard(
        "review-sentiment-model",
        "Review sentiment model",
        "Which model is at work, what it makes of the reviews, and whether they are what it knows.",
        [
            Section("", _at_a_glance()),
            Section("What it makes of the reviews", _labels()),
            Section("Is it still right?", [quality.agreement(), model.rated(), quality.drift()]),
            Section(
                "What it costs, and where it runs",
                [model.scoring_time(), model.workers_by_version(), model.reloads()],
            ),
        ],
    )


def _at_a_glance() -> list[Panel]:
    return [
        model.version(),
        model.age(),
        model.loaded(),
        quality.newest_agreement(),
        quality.newest_drift(),
        model.refused_reloads(),
    ]


def _labels() -> list[Panel]:
    return [
        model.scores(),
        model.quartiles(),
        quality.sentiment_of_reviews(),
        quality.sentiment_of_sentences(),
        model.sentences_per_review(),
    ]
