"""The model card, rendered from the manifest and the evaluation."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from stream_app.core.manifest import Manifest
from training.evaluate import Measurement

# What is known of the sources: what they are, and the licence as found.
BLITZER: Final = (
    "Multi-Domain Sentiment Dataset (Blitzer, Dredze and Pereira, ACL 2007); no 3-star reviews",
    "research use, cite; texts not redistributed",
)
OWN_TERMS: Final = "its publishers' terms; texts not redistributed"
SEMEVAL: Final = ("SemEval ABSA, laptops: sentences whose aspects all agree", OWN_TERMS)
KOTZIAS: Final = ("Kotzias et al., KDD 2015; no neutral", OWN_TERMS)
SOURCES: Final = {
    "trustpilot_petins": (
        "Trustpilot pages of US pet insurers, 2015-2024",
        "repository without licence, Trustpilot's terms; texts not redistributed",
    ),
    "womens_clothing": ("a women's clothing shop", "repository MIT, CC0 at its source"),
    "restaurants_hyd": (
        "Zomato, restaurants of Hyderabad, 2016-2019",
        "repository without licence, Zomato's terms; texts not redistributed",
    ),
    "amazon_books": BLITZER,
    "amazon_dvd": BLITZER,
    "amazon_electronics": BLITZER,
    "amazon_kitchen": BLITZER,
    "semeval14_laptop": SEMEVAL,
    "semeval16_laptop": SEMEVAL,
    "course_eval": ("course evaluations", OWN_TERMS),
    "uci_amazon_cells": KOTZIAS,
    "uci_imdb": KOTZIAS,
    "vader_movie": (
        (
            "snippets of film critics (Hutto and Gilbert, ICWSM 2014); out of domain, learned from lightly, "
            "never tuned on"
        ),
        OWN_TERMS,
    ),
}
UNKNOWN_SOURCE: Final = ("the user's own", "not known to this project")

METHOD: Final = {
    "biases": """\
A logistic regression of three classes on hashed terms (words, stems, pairs of words, negated words, marks):
probabilities of negative, neutral and positive for each sentence. The label is the class with the highest
log-probability plus class bias.""",
    "cuts": """\
A linear regression through a sigmoid on hashed terms (words, stems, pairs of words, negated words, marks),
fitted to the rating scaled to [0, 1] with the fixed end points 1 and 5. The label follows from the score and
two cuts.""",
}

CARD: Final = """\
# Model card: {version}

Labels each sentence of an English customer review as negative, neutral or positive, and the review by the
mean of its sentences' probabilities.

{method}

## Trained on

{sentences:,} sentences of {reviews:,} reviews, each with the class of its review's rating: 1-2 stars
negative, 3 neutral, 4-5 positive (thirds of the rating scaled to [0, 1]; 2.5 and 3.5 are neutral).

{sources}

## Figures

Macro-F1 over the classes that occur in the set, each sentence judged alone, a review by the mean of its
sentences.

* new domains: about 12 % of the domains (companies, items, restaurants) are held out as wholes, and this is
  the half of their reviews on which no decision was tuned. Classes are those of the reviews' ratings.
* familiar domains: dev reviews that were not trained on, of domains that were.
* human: sentences labelled by people, with the preset `human`, on the half that it was neither
  trained nor tuned on.

Beside the model stand the seed recipe (a regression of the scaled rating through a sigmoid) with cuts at
1/3 and 2/3 and with tuned cuts, and VADER with its authors' thresholds.

{figures}

## Presets

`inherited` (the default) asks for the class of the review's rating, `human` for what a reader says of the
sentence alone, `seed` cuts the score, P(positive) + P(neutral) / 2, at 1/3 and 2/3. The review's decision
of `human` is that of `inherited`: its rating is what a human said of it. Biases are those of negative,
neutral and positive.

{presets}

## Limits

* English only. Other languages get a label all the same, and it means little.
* The classes are inherited: few sentences of a 3-star review are neutral by themselves. So `neutral` is the
  weakest class, and with the default preset it means "of a lukewarm review".
* It knows words, pairs of words and near negations: irony and comparison escape it.
* It was made for reviews of goods, insurers and restaurants, not for news, chat or film critics.
* It is not for decisions about people.

## Reproduce

    stream-train train --recipe {recipe} --seed {seed} --data FOLDER

With the reviews whose fingerprint starts with `{fingerprint}` and {libraries} this gives the artifact
`{artifact}` on the same machine; elsewhere the golden set agrees within 1e-6.
"""


def render(manifest: Manifest, measurements: Sequence[Measurement]) -> str:
    """The card as Markdown."""
    training = manifest.training
    return CARD.format(
        version=manifest.version,
        method=METHOD[manifest.kind],
        sentences=training.sentences,
        reviews=sum(training.reviews.values()),
        sources=_table(("source", "rows", "what", "licence as found"), _sources(manifest, measurements)),
        figures=_figures(measurements),
        presets=_table(("preset", "level", "kind", "values"), _presets(manifest)),
        recipe=training.recipe,
        seed=training.seed,
        fingerprint=training.sha256[:12],
        libraries=", ".join(f"{name} {version}" for name, version in manifest.libraries.items()),
        artifact=manifest.sha256[:12],
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _sources(manifest: Manifest, measurements: Sequence[Measurement]) -> Iterator[tuple[str, ...]]:
    """The sources trained on, and those of human labels that were tuned and measured on."""
    for source, reviews in manifest.training.reviews.items():
        yield source, f"{reviews:,} reviews", *SOURCES.get(source, UNKNOWN_SOURCE)
    labelled = {
        metric.dataset.removeprefix("human: ") for _, metric in measurements if metric.preset == "human"
    }
    learned = manifest.training.recipe == "champion"
    use = "half of the labels trained on" if learned else "labels only, not trained on"
    for source in sorted(labelled):
        yield source, use, *SOURCES.get(source, UNKNOWN_SOURCE)


def _figures(measurements: Sequence[Measurement]) -> str:
    names = list(dict.fromkeys(name for name, _ in measurements))
    figures = {(name, m.dataset, m.level): f"{m.macro_f1:.3f}" for name, m in measurements}
    sets = {(metric.dataset, metric.level): metric.rows for _, metric in measurements}
    rows = [
        (dataset, level, f"{count:,}", *(figures.get((name, dataset, level), "") for name in names))
        for (dataset, level), count in sets.items()
    ]
    return _table(("set", "level", "rows", *names), rows)


def _presets(manifest: Manifest) -> Iterator[tuple[str, ...]]:
    for preset, decisions in manifest.decisions.items():
        for level, decision in (("sentence", decisions.sentence), ("review", decisions.review)):
            values = ", ".join(f"{value:.3g}" for value in decision.values)
            yield f"`{preset}`", level, decision.kind, values
