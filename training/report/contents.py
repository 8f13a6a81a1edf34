"""What a report shows, before it is a page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from stream_app.core.manifest import Preset
from training.behaviour import SuiteResult
from training.bootstrap import Interval
from training.comparison import Difference
from training.evaluate import Evaluation
from training.figures import Figures
from training.gold import GoldManifest
from training.held_out import NEW_DOMAINS
from training.report.errors import WorstError
from training.report.learning_curve import Point
from training.report.telling import Ngram
from training.tables import (
    Row,
    by_set,
    differences_by_set,
    intervals_by_set,
    macro_f1_by_set,
    macro_f1_by_slice,
    names,
)

BEHAVIOUR_PRESET: Final[Preset] = "inherited"  # what the stream decides by unless told otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An evaluation and what explains it.

    Attributes:
        version: of the model in question.
        ours: its name among the classifiers.
        classifiers: what each is, by name.
        evaluation: of all of them.
        differences: of ours to each other one.
        behaviour: results of the behaviour suites, by classifier.
        curve: points of the learning curve; may be empty.
        ngrams: the most telling ones, by label; may be empty.
        errors: the worst, of texts that may be quoted.
        quotes_all: whether they quote every source.
        manifest: of the gold layer.
    """

    version: str
    ours: str
    classifiers: dict[str, str]
    evaluation: Evaluation
    differences: Sequence[Difference]
    behaviour: dict[str, list[SuiteResult]]
    curve: Sequence[Point]
    ngrams: dict[str, list[Ngram]]
    errors: Sequence[WorstError]
    quotes_all: bool
    manifest: GoldManifest

    @property
    def names(self) -> list[str]:
        """The classifiers, ours first."""
        return names(self.evaluation.figures)

    @property
    def others(self) -> list[str]:
        """All but ours."""
        return [name for name in self.names if name != self.ours]

    @property
    def own(self) -> list[Figures]:
        """The figures of ours."""
        return [found for found in self.evaluation.figures if found.classifier == self.ours]

    @property
    def headlines(self) -> list[Figures]:
        """The figures of ours on reviews and their sentences."""
        return [found for found in self.own if found.preset == "inherited"]

    @property
    def with_probabilities(self) -> list[str]:
        """The classifiers that give three probabilities."""
        return names(found for found in self.evaluation.figures if found.label_calibration)

    @property
    def macro_f1_table(self) -> list[Row[Interval]]:
        """A row for each set and level."""
        return macro_f1_by_set(self.evaluation.figures)

    @property
    def error_table(self) -> list[Row[Interval]]:
        """Mean absolute errors, a row for each set and level."""
        return intervals_by_set(self.evaluation.figures, lambda found: found.absolute_error, "lowest")

    @property
    def calibration_table(self) -> list[Row[Figures]]:
        """A row for each set and level."""
        return by_set(self.evaluation.figures)

    @property
    def difference_table(self) -> list[Row[Interval]]:
        """A row for each set and level."""
        return differences_by_set(self.differences)

    @property
    def slice_tables(self) -> list[tuple[str, list[Row[Interval]]]]:
        """Sentences and reviews of new domains by source and by length, each with its title."""
        return list(self._slice_tables())

    def _slice_tables(self) -> Iterator[tuple[str, list[Row[Interval]]]]:
        for level in ("sentence", "review"):
            for by in ("source", "length"):
                rows = macro_f1_by_slice(self.evaluation.figures, NEW_DOMAINS, level, by)
                if rows:
                    yield f"{level.capitalize()}s of {NEW_DOMAINS}, by {by}", rows

    @property
    def behaviour_preset(self) -> Preset:
        """Whose decisions the suites were run with."""
        return BEHAVIOUR_PRESET

    @property
    def behaviour_table(self) -> list[tuple[SuiteResult, ...]]:
        """A row for each suite, with the results of the classifiers."""
        return list(zip(*self.behaviour.values(), strict=True))

    @property
    def behaviour_failures(self) -> list[tuple[str, tuple[str, ...]]]:
        """The cases that ours fails: the suite, and the sentences."""
        return [
            (found.suite, sentences) for found in self.behaviour[self.ours] for sentences in found.failures
        ]
