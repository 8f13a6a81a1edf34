"""A client's connection: waitress' own, with the times that limits need and refusals in our form."""

import time
from http import HTTPStatus
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask, WSGITask

from stream_app.api.app import RECEIVED_AT
from stream_app.api.metrics import UNPARSED
from stream_app.api.problems import CONTENT_TYPE, encode_problem, new_problem
from stream_app.api.security import SECURITY_HEADERS

# waitress ships no types, so each base is Any.


class _Request(HTTPRequestParser):  # type: ignore[misc]
    """A request, and when it began and was received in full (monotonic seconds)."""

    def __init__(self, adjustments: Any) -> None:  # noqa: ANN401 - of waitress
        super().__init__(adjustments)
        self.began_at = time.monotonic()
        self.received_at = self.began_at

    def received(self, data: bytes) -> int:
        """How many of the bytes belong to this request."""
        consumed: int = super().received(data)
        self.received_at = time.monotonic()
        return consumed


class _Task(WSGITask):  # type: ignore[misc]
    """A request on its way through the application."""

    def build_response_header(self) -> bytes:
        """Status and headers; the answer is the connection's last one when the server stops."""
        if self.channel.server.stopping.is_set():
            self.set_close_on_finish()
        header: bytes = super().build_response_header()
        return header

    def get_environment(self) -> dict[str, Any]:
        """The WSGI environment."""
        environment: dict[str, Any] = super().get_environment()
        environment[RECEIVED_AT] = self.request.received_at
        return environment


class _Refusal(ErrorTask):  # type: ignore[misc]
    """The answer to what never reaches the application: not HTTP, or above a limit."""

    def execute(self) -> None:
        """Send it, and close the connection."""
        error = self.request.error
        body = encode_problem(new_problem(HTTPStatus(error.code), error.body))
        self.status = f"{error.code} {error.reason}"
        self.response_headers.extend([("Content-Type", CONTENT_TYPE), *SECURITY_HEADERS.items()])
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)
        waited_s = time.monotonic() - self.request.received_at
        self.channel.server.metrics.answered(UNPARSED, error.code, waited_s)


class Connection(HTTPChannel):  # type: ignore[misc]
    """One client."""

    parser_class = _Request
    task_class = _Task
    error_task_class = _Refusal

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being received, worked on or sent."""
        return not self.requests and self.request is None and not self.total_outbufs_len
