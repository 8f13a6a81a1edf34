"""The body of a request in, the body of its answer out: by the core that the stream uses."""

from dataclasses import replace
from http import HTTPStatus
from typing import Final, NamedTuple

import msgspec

from stream_app.api.problems import ProblemError, new_problem, refusal, review_problem
from stream_app.core.identity import local_identities
from stream_app.core.isolation import classify_isolating
from stream_app.core.messages import Headers
from stream_app.core.pipeline import Rules
from stream_app.core.scoring import Model

MAX_REVIEWS: Final = 100
_SPACE: Final = b" \t\r\n"

_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Item(NamedTuple):
    """A review of a request in the place of a record; its offset is its number, from 1 on."""

    value: bytes
    offset: int
    topic: str = "item"
    partition: int = 0
    timestamp: int = 0
    key: None = None
    headers: Headers = ()


class Classifier:
    """Classifies bodies with a model that may be swapped between two of them. Thread-safe.

    Args:
        model: the one to begin with.
        rules: limits and options; results are named without Kafka.
    """

    def __init__(self, model: Model, rules: Rules) -> None:
        self._model = model
        self._rules = replace(rules, identify=local_identities)

    @property
    def model(self) -> Model:
        """The model in use."""
        return self._model

    def swap(self, model: Model) -> None:
        """Use this model from the next body on."""
        self._model = model

    def classify(self, body: bytes) -> bytes:
        """The result of one review, or an array of the results of several, as JSON.

        Raises:
            ProblemError: the body holds no reviews, or one that cannot be classified: then none is.
        """
        content = body.lstrip(_SPACE)
        if not content:
            detail = "the body is empty, expected a review or an array of reviews"
            raise ProblemError(new_problem(HTTPStatus.BAD_REQUEST, detail))
        several = content.startswith(b"[")
        reviews = _split(body) if several else [body]
        records = [Item(review, number) for number, review in enumerate(reviews, 1)]
        outcomes = classify_isolating(records, self._model, self._rules)
        problems = [
            review_problem(f"/{letter.record.offset - 1}" if several else "", letter.error)
            for outcome in outcomes
            for letter in outcome.dead_letters
        ]
        if problems:
            raise ProblemError(refusal(problems, len(reviews)))
        results = [output.value or b"" for outcome in outcomes for output in outcome.results]
        return b"[" + b",".join(results) + b"]" if several else results[0]


def _split(body: bytes) -> list[bytes]:
    try:
        reviews = [bytes(review) for review in _decode_list(body)]
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        detail = f"the body is not JSON: {error}"
        raise ProblemError(new_problem(HTTPStatus.BAD_REQUEST, detail)) from error
    if not 1 <= len(reviews) <= MAX_REVIEWS:
        detail = f"the body holds {len(reviews)} reviews, expected 1 to {MAX_REVIEWS}"
        raise ProblemError(new_problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail))
    return reviews
