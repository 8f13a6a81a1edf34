"""The sentences that a classifier is most sure of and wrong about."""

from typing import Final, NamedTuple

import numpy as np

from stream_app.core.scoring import LABELS
from training.evaluate import Evaluation, Judged
from training.provenance import QUOTABLE

TOP: Final = 15


class WorstError(NamedTuple):
    """A sentence with the wrong label.

    Attributes:
        text: the sentence.
        source: where it comes from.
        gold: its class.
        label: what the classifier said.
        score: the classifier's, 0 to 1.
    """

    text: str
    source: str
    gold: str
    label: str
    score: float


def worst_errors(
    evaluation: Evaluation, classifier: str, dataset: str, *, quote_all: bool, top: int = TOP
) -> list[WorstError]:
    """Wrong labels of sentences of a set, those whose score lies farthest from the target first.

    Args:
        evaluation: with what the classifier said.
        classifier: its name.
        dataset: name of the held-out set.
        quote_all: also of sources whose texts may not be redistributed; otherwise they are left out.
        top: how many.
    """
    found = [judged for judged in evaluation.judged if judged.rows.dataset == dataset and judged.texts]
    return [
        error
        for judged in found
        if classifier in judged.judgements
        for error in _worst(judged, classifier, quote_all=quote_all, top=top)
    ]


def _worst(judged: Judged, classifier: str, *, quote_all: bool, top: int) -> list[WorstError]:
    rows, said = judged.rows, judged.judgements[classifier]
    quotable = np.isin(rows.sources, list(QUOTABLE)) | quote_all
    distances = np.abs(said.scores - rows.targets)
    wrong = np.flatnonzero((said.labels != rows.gold) & quotable)
    return [
        WorstError(
            judged.texts[at],
            str(rows.sources[at]),
            LABELS[rows.gold[at]],
            LABELS[said.labels[at]],
            float(said.scores[at]),
        )
        for at in wrong[np.argsort(-distances[wrong], kind="stable")][:top].tolist()
    ]
