"""The model card, rendered from the manifest and the evaluation."""

from collections.abc import Iterator, Sequence
from typing import Final

from stream_app.core.manifest import Manifest, Preset
from training.behaviour import SuiteResult
from training.bootstrap import ROUNDS
from training.evaluate import Evaluation
from training.figures import Figures
from training.held_out import HUMAN, NEW_DOMAINS
from training.notation import count, interval, percent
from training.provenance import SOURCES, UNKNOWN_SOURCE
from training.rendering import render
from training.tables import macro_f1_by_set, names

METHOD: Final = {
    "biases": """\
A linear model of hashed terms (words, stems, pairs of words, negated words, marks) gives probabilities of
negative, neutral and positive for each sentence. The label is the class with the highest log-probability plus
class bias.""",
    "cuts": """\
A linear model of hashed terms (words, stems, pairs of words, negated words, marks) through a sigmoid, fitted
to the rating scaled to [0, 1] with the fixed end points 1 and 5. The label follows from the score and two
cuts.""",
}
WEAKEST: Final = 8
LEAST_ROWS: Final = 100  # the figure of a smaller part says more of luck than of the model


def model_card(  # noqa: PLR0913 - what a card is made of
    manifest: Manifest,
    evaluation: Evaluation,
    suites: Sequence[SuiteResult],
    *,
    ours: str,
    preset: Preset,
    champion: str,
) -> str:
    """The card as Markdown.

    Args:
        manifest: of the model.
        evaluation: of the model and what stands beside it.
        suites: the model's results in the behaviour suites.
        ours: the model's name in the evaluation.
        preset: whose decisions the suites were run with.
        champion: version of the champion that stands beside the model; empty when none does.
    """
    own = [found for found in evaluation.figures if found.classifier == ours]
    return render(
        "model_card.md.j2",
        manifest=manifest,
        method=METHOD[manifest.kind],
        sources=list(_sources(manifest, own)),
        rounds=count(ROUNDS),
        champion=champion,
        macro_f1=macro_f1_by_set(evaluation.figures),
        names=names(evaluation.figures),
        own=own,
        presets=list(_presets(manifest)),
        least=LEAST_ROWS,
        weakest=weakest_parts(own),
        preset=preset,
        suites=[_suite_row(found) for found in suites],
        libraries=", ".join(f"{name} {version}" for name, version in manifest.libraries.items()),
    )


def weakest_parts(own: Sequence[Figures]) -> list[tuple[str, ...]]:
    """The parts of the new domains with the lowest macro-F1: part, level, rows and figure."""
    parts = [
        (part, found.level)
        for found in own
        if found.dataset == NEW_DOMAINS
        for part in found.slices
        if part.rows >= LEAST_ROWS
    ]
    parts.sort(key=lambda each: each[0].macro_f1.value)
    return [(part.name, level, count(part.rows), interval(part.macro_f1)) for part, level in parts[:WEAKEST]]


def _sources(manifest: Manifest, own: Sequence[Figures]) -> Iterator[tuple[str, ...]]:
    """The sources trained on, and those of human labels that were measured on."""
    for source, reviews in manifest.training.reviews.items():
        yield source, f"{reviews:,} reviews", *SOURCES.get(source, UNKNOWN_SOURCE)
    learned = manifest.training.recipe == "champion"
    use = "half of the labels trained on" if learned else "labels only, not trained on"
    for source in sorted({found.dataset.removeprefix(HUMAN) for found in own if found.preset == "human"}):
        yield source, use, *SOURCES.get(source, UNKNOWN_SOURCE)


def _presets(manifest: Manifest) -> Iterator[tuple[str, ...]]:
    for preset, decisions in manifest.decisions.items():
        for level, decision in (("sentence", decisions.sentence), ("review", decisions.review)):
            values = ", ".join(f"{value:.3g}" for value in decision.values)
            yield f"`{preset}`", level, decision.kind, values


def _suite_row(found: SuiteResult) -> tuple[str, ...]:
    example = " / ".join(found.failures[0][:2]) if found.failures else ""
    return (
        found.suite,
        found.kind,
        str(found.cases),
        percent(found.rate),
        percent(found.threshold),
        example,
    )
