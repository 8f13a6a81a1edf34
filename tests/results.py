"""Results of the stream, made without it."""

from collections.abc import Iterable

from stream_app.core.messages import ReviewResult, decode_result
from stream_app.core.pipeline import Rules, classify
from stream_app.core.scoring import Model
from tests.records import StoredRecord


def results_of(model: Model, reviews: Iterable[bytes], *, include_text: bool = True) -> list[ReviewResult]:
    """What a worker with this model makes of the reviews, which must all be good."""
    records = [StoredRecord(value, offset=number) for number, value in enumerate(reviews)]
    outcome = classify(records, model, Rules(include_text=include_text))
    assert not outcome.dead_letters
    return [decode_result(output.value or b"") for output in outcome.results]
