"""How much better one classifier is than the others, on the same rows."""

from collections.abc import Iterator

from msgspec import Struct

from training.bootstrap import Interval, paired_difference
from training.evaluate import Evaluation, Judged
from training.held_out import Level


class Difference(Struct, frozen=True):
    """Macro-F1 of one classifier less that of another.

    Attributes:
        dataset: name of the held-out set.
        level: sentences one at a time, or reviews.
        against: the other classifier.
        macro_f1: the difference; above 0 the first one is better.
    """

    dataset: str
    level: Level
    against: str
    macro_f1: Interval


def differences(evaluation: Evaluation, ours: str) -> list[Difference]:
    """Of one classifier to each other one, on every set that both judged, by the paired bootstrap."""
    return [found for judged in evaluation.judged for found in _of_set(judged, ours)]


def _of_set(judged: Judged, ours: str) -> Iterator[Difference]:
    rows = judged.rows
    if ours not in judged.judgements:
        return
    our_labels = judged.judgements[ours].labels
    for name, judgement in judged.judgements.items():
        if name != ours:
            found = paired_difference(rows.gold, our_labels, judgement.labels, rows.groups)
            yield Difference(rows.dataset, rows.level, name, found)
