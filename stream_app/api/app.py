"""The Flask application: routes, and what every answer has in common."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import msgspec
import structlog
from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from werkzeug.exceptions import HTTPException

from stream_app.api import events
from stream_app.api.answers import JSON, json_answer, problem_answer, refused, verdict
from stream_app.api.classifier import Classifier
from stream_app.api.live import LiveResults, TooManyClientsError
from stream_app.api.metrics import UNMATCHED, ApiMetrics
from stream_app.api.openapi import MAX_BODY_BYTES, openapi
from stream_app.api.problems import ProblemError, new_problem
from stream_app.api.security import SECURITY_HEADERS

log = structlog.stdlib.get_logger(__name__)

RECEIVED_AT: Final = "stream_app.received_at"
"""Key of the WSGI environment: when the request had been received in full, monotonic seconds."""

CLIENT_GONE: Final = "waitress.client_disconnected"
MAX_WAIT_S: Final = 2.0
_RETRY_AFTER: Final = {"Retry-After": "1"}


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the application works with, made once at the entry point.

    Attributes:
        classifier: bodies to results.
        metrics: told of each answer.
        registry: exported by `/metrics`.
        live: None: there is no live stream.
        why_not_ready: what `/readyz` fails for; empty when the server is ready.
        version: of this program.
        max_text_chars: the limit that is in force.
    """

    classifier: Classifier
    metrics: ApiMetrics
    registry: CollectorRegistry
    live: LiveResults | None
    why_not_ready: Callable[[], list[str]]
    version: str
    max_text_chars: int


def new_app(wiring: Wiring) -> Flask:
    """The application."""
    app = Flask("stream_app.api", static_folder="page", static_url_path="/page", template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.merge_slashes = False  # a redirect would be an answer that the document does not have
    _add_common_parts(app, wiring.metrics)
    _add_pages(app)
    _add_classification(app, wiring.classifier)
    _add_live_results(app, wiring.live)
    _add_operations(app, wiring)
    return app


def _add_common_parts(app: Flask, metrics: ApiMetrics) -> None:
    @app.before_request
    def begin() -> None:
        g.received_at = request.environ.get(RECEIVED_AT, time.monotonic())
        if request.path.startswith("/v1/") and time.monotonic() - g.received_at > MAX_WAIT_S:
            detail = f"the request has waited for more than {MAX_WAIT_S:g} s: try again later"
            raise ProblemError(new_problem(HTTPStatus.SERVICE_UNAVAILABLE, detail), _RETRY_AFTER)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers.update(SECURITY_HEADERS)
        response.headers.setdefault("Cache-Control", "no-store")
        route = request.url_rule.rule if request.url_rule else UNMATCHED
        metrics.answered(route, response.status_code, time.monotonic() - g.received_at)
        return response

    @app.errorhandler(ProblemError)
    def tell(error: ProblemError) -> Response:
        return problem_answer(error.problem, error.headers)

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> Response:
        return refused(error)

    @app.errorhandler(Exception)
    def fail(error: Exception) -> Response:
        log.error("request_failed", route=request.path, exc_info=error)
        detail = "the server failed to answer, and logged why"
        return problem_answer(new_problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail))


def _add_pages(app: Flask) -> None:
    @app.get("/")
    def index() -> Response:
        return app.send_static_file("index.html")


def _add_classification(app: Flask, classifier: Classifier) -> None:
    @app.post("/v1/classify")
    def classify() -> Response:
        _check_content_type()
        return Response(classifier.classify(request.get_data(cache=False)), content_type=JSON)


def _check_content_type() -> None:
    coding = request.headers.get("Content-Encoding", "identity")
    if request.mimetype != JSON or coding != "identity":
        detail = f"expected Content-Type {JSON} without Content-Encoding, got {request.mimetype!r}, {coding}"
        raise ProblemError(new_problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail), {"Accept": JSON})


def _add_live_results(app: Flask, live: LiveResults | None) -> None:
    @app.get("/v1/results")
    def results() -> Response:
        if live is None:
            detail = "there is no live stream: start the server with --live"
            raise ProblemError(new_problem(HTTPStatus.NOT_FOUND, detail))
        return _live_response(live)


def _live_response(live: LiveResults) -> Response:
    try:
        subscription = live.subscribe()
    except TooManyClientsError as error:
        raise ProblemError(
            new_problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error)), {"Retry-After": "30"}
        ) from error
    is_gone = request.environ.get(CLIENT_GONE, lambda: False)
    stream = events.event_stream(live, subscription, is_gone)
    response = Response(stream, content_type=events.CONTENT_TYPE)
    response.call_on_close(lambda: live.unsubscribe(subscription))
    return response


def _add_operations(app: Flask, wiring: Wiring) -> None:
    document = msgspec.json.encode(openapi(wiring.max_text_chars))

    @app.get("/openapi.json")
    def describe() -> Response:
        return Response(document, content_type=JSON)

    @app.get("/livez")
    def live() -> Response:
        return verdict([])

    @app.get("/readyz")
    def ready() -> Response:
        return verdict(wiring.why_not_ready())

    @app.get("/metrics")
    def metrics() -> Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(wiring.registry), content_type=content_type)

    @app.get("/info")
    def info() -> Response:
        return json_answer(HTTPStatus.OK, _info(wiring))


def _info(wiring: Wiring) -> dict[str, Any]:
    model = wiring.classifier.model
    return {
        "version": wiring.version,
        "model": {"version": model.version, "sha256": model.sha256, "created_at": model.created_at},
        "live": wiring.live is not None,
        "max_text_chars": wiring.max_text_chars,
    }
