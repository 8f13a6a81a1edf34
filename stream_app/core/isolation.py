"""Which record of a slice breaks the scoring: found by halving, so that it stops no other."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from stream_app.core.errors import ScoringFailedError
from stream_app.core.messages import DeadLetter, Record
from stream_app.core.pipeline import Outcome, Rules, Stage, classify, ignore_stage
from stream_app.core.scoring import Model


class _KnownGood(NamedTuple):
    """A record that any working model classifies."""

    topic: str = "known-good"
    partition: int = 0
    offset: int = 0
    timestamp: int = 0
    key: bytes | None = None
    value: bytes | None = b'{"text": "It works. I like it."}'
    headers: tuple[()] = ()


def classify_isolating(
    records: Sequence[Record], model: Model, rules: Rules, ended: Callable[[Stage], None] = ignore_stage
) -> list[Outcome]:
    """As `classify`, but a record on which it fails is found by halving and becomes a dead letter.

    Returns:
        The outcomes of the parts, in order: one when nothing fails.

    Raises:
        Exception: what `classify` raised, when a record that any model classifies fails as well: then the
            model is at fault, and no record may pay for it.
        MemoryError: there is no memory left.
    """
    try:
        return [classify(records, model, rules, ended)]
    except MemoryError:
        raise  # the process is at fault, and no record may pay for it
    except Exception as error:  # noqa: BLE001 - whatever it is, one record at most may pay for it
        if len(records) > 1:
            middle = len(records) // 2
            halves = (records[:middle], records[middle:])
            return [outcome for half in halves for outcome in classify_isolating(half, model, rules, ended)]
        classify([_KnownGood()], model, Rules())
        failure = ScoringFailedError(f"scoring this record failed: {type(error).__name__}")
        nothing = classify([], model, rules)
        return [Outcome([], [DeadLetter(records[0], failure)], nothing.tally)]
