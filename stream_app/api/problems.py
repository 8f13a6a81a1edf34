"""What an answer says when it is not a result: problem details as in RFC 9457."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from stream_app.core.errors import Reason, RecordError

CONTENT_TYPE: Final = "application/problem+json"
NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})

_NAMED_FIELD: Final = re.compile(r"`\$\.(\w+)`|field `(\w+)`")
_NOT_TEXT: Final = frozenset(("not_utf8", "not_json"))


class ReviewProblem(Struct, frozen=True):
    """What is wrong with one review of the request."""

    pointer: Annotated[str, Meta(description="JSON Pointer (RFC 6901) into the body; empty for all of it.")]
    reason: Annotated[Reason, Meta(description="The reason code of the dead letter it would be.")]
    detail: Annotated[str, Meta(description="What was found and what was expected.")]


class Problem(Struct, frozen=True):
    """Problem details (RFC 9457). Its type is about:blank: the status tells the kind."""

    title: Annotated[str, Meta(description="The status in words.")]
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: Annotated[str, Meta(description="What was found and what was expected.")]
    type: Literal["about:blank"] = "about:blank"
    errors: Annotated[
        list[ReviewProblem] | UnsetType, Meta(description="One for each review that cannot be classified.")
    ] = UNSET


class ProblemError(Exception):
    """A request that is answered with a problem.

    Args:
        problem: what the answer says.
        headers: of the answer, besides its content type.
    """

    def __init__(self, problem: Problem, headers: Mapping[str, str] = NO_HEADERS) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.headers = headers


def new_problem(status: HTTPStatus, detail: str, errors: list[ReviewProblem] | UnsetType = UNSET) -> Problem:
    """The problem of this status."""
    return Problem(status.phrase, status.value, detail, errors=errors)


def encode_problem(problem: Problem) -> bytes:
    """The problem as the bytes of a JSON object."""
    return msgspec.json.encode(problem)


def review_problem(place: str, error: RecordError) -> ReviewProblem:
    """What is wrong with a review.

    Args:
        place: JSON Pointer to the review.
        error: names a field in its message, or the review is at fault as a whole.
    """
    named = _NAMED_FIELD.search(str(error))
    field = (named[1] or named[2]) if named else None
    return ReviewProblem(f"{place}/{field}" if field else place, error.reason, str(error))


def refusal(problems: Sequence[ReviewProblem], reviews: int) -> Problem:
    """The one answer to a request in which some reviews cannot be classified."""
    reasons = {problem.reason for problem in problems}
    if "scoring_failed" in reasons:
        status = HTTPStatus.INTERNAL_SERVER_ERROR
    elif reasons & _NOT_TEXT:
        status = HTTPStatus.BAD_REQUEST
    else:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return new_problem(status, _summary(problems, reviews), list(problems))


def _summary(problems: Sequence[ReviewProblem], reviews: int) -> str:
    first = problems[0]
    if not first.pointer or reviews == 1:
        return first.detail
    number = len(problems)
    return f"{number} of {reviews} reviews cannot be classified, so none was; {first.pointer}: {first.detail}"
