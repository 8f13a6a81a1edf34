"""From an evaluation to the contents of a report."""

from collections.abc import Callable, Mapping, Sequence

from training.behaviour import run
from training.classifiers import DESCRIPTIONS
from training.comparison import differences
from training.evaluate import Classifier, Evaluation
from training.gold import Gold
from training.held_out import NEW_DOMAINS
from training.report.contents import BEHAVIOUR_PRESET, Report
from training.report.errors import worst_errors
from training.report.learning_curve import learning_curve
from training.report.telling import telling_ngrams


def compose(  # noqa: PLR0913 - the parts of a report
    versions: Mapping[str, str],
    classifiers: Sequence[Classifier],
    evaluation: Evaluation,
    gold: Gold,
    announce: Callable[[str], None],
    *,
    fit: Callable[[Gold], Classifier] | None,
    quote_all: bool,
) -> Report:
    """A report on the first of the classifiers.

    Args:
        versions: of the classifiers that are models of a folder, by name; the first one's among them.
        classifiers: the model and what stands beside it.
        evaluation: of these classifiers on this gold layer.
        gold: what it was measured on.
        announce: told each step as it begins.
        fit: trains the same recipe on a part of the data, for the learning curve; None leaves it out.
        quote_all: quote sentences of sources whose texts may not be redistributed.
    """
    ours = classifiers[0]
    announce("comparing the classifiers")
    compared = differences(evaluation, ours.name)
    announce("running the behaviour suites")
    suites = {each.name: run(each, each.decisions[BEHAVIOUR_PRESET].sentence) for each in classifiers}
    announce("looking for the most telling n-grams")
    ngrams = telling_ngrams(ours.probabilities, gold.batches("train"))
    if fit:
        announce("training on shares of the reviews")
    return Report(
        version=versions[ours.name],
        ours=ours.name,
        classifiers={each.name: {**DESCRIPTIONS, **versions}[each.name] for each in classifiers},
        evaluation=evaluation,
        differences=compared,
        behaviour=suites,
        curve=learning_curve(fit, gold) if fit else [],
        ngrams=ngrams,
        errors=worst_errors(evaluation, ours.name, NEW_DOMAINS, quote_all=quote_all),
        quotes_all=quote_all,
        manifest=gold.manifest,
    )
