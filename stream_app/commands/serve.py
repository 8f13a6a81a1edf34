"""`stream-app serve`: wires the HTTP API and runs it."""

import logging
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from importlib.metadata import version

import structlog
from prometheus_client import CollectorRegistry

from stream_app import logs
from stream_app.api.app import Wiring, new_app
from stream_app.api.classifier import Classifier
from stream_app.api.live import MAX_CLIENTS, LiveResults
from stream_app.api.metrics import ApiMetrics
from stream_app.api.server import ApiServer
from stream_app.commands.classifier import model_folder
from stream_app.core.errors import ModelError
from stream_app.core.messages import ReviewDecoder
from stream_app.core.pipeline import Rules
from stream_app.core.scoring import Model
from stream_app.exit_codes import ExitCode
from stream_app.model_store import load_model
from stream_app.settings import Settings, SettingsError, load_settings

log = structlog.stdlib.get_logger(__name__)

_THREADS = 4


def run_serve(settings: Settings, *, live: bool) -> None:
    """Answer requests until SIGTERM or SIGINT.

    Args:
        settings: of the address, the model and, for the live stream, of Kafka.
        live: whether the results topic is shown as it grows.

    Raises:
        ModelError: the model must not be used.
        OSError: the port is taken.
    """
    logs.configure(settings.log_level, settings.log_format)
    logging.getLogger("waitress.queue").setLevel(
        logging.ERROR
    )  # it says each time that a request has to wait
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(ExitCode.DONE))  # until there is something to drain
    registry = CollectorRegistry()
    metrics = ApiMetrics(registry, version("review-sentiment-stream"))
    classifier = Classifier(_load(settings), _rules(settings))
    _tell_of(classifier.model, metrics)
    results = _live_results(settings) if live else None
    stopping = threading.Event()
    app = new_app(_wire(settings, classifier, metrics, registry, results, stopping))
    threads = _THREADS + (MAX_CLIENTS if live else 0)
    server = ApiServer(app, metrics, (settings.api_host, settings.api_port), threads, stopping)
    _listen_for_signals(server, partial(_reload, settings, classifier, metrics))
    log.info("api_listening", address=f"http://{settings.api_host}:{server.port}", live=live)
    server.run(settings.drain_timeout_s, results.close if results else lambda: None)
    if results:
        results.join()


def _load(settings: Settings) -> Model:
    return load_model(model_folder(settings), settings.thresholds)


def _rules(settings: Settings) -> Rules:
    """Fields have their own names here, whatever the stream's producers call them."""
    return Rules(ReviewDecoder(max_text_chars=settings.max_text_chars), include_text=settings.include_text)


def _live_results(settings: Settings) -> LiveResults:
    from stream_app.kafka.reader import follow  # noqa: PLC0415 - only this needs the Kafka client

    connection, topic = settings.connection(), settings.result_topic
    return LiveResults(lambda stop: follow(connection, topic, "latest", stop=stop))


def _wire(  # noqa: PLR0913, PLR0917 - the parts that were made
    settings: Settings,
    classifier: Classifier,
    metrics: ApiMetrics,
    registry: CollectorRegistry,
    results: LiveResults | None,
    stopping: threading.Event,
) -> Wiring:
    return Wiring(
        classifier=classifier,
        metrics=metrics,
        registry=registry,
        live=results,
        why_not_ready=lambda: ["the server stops"] if stopping.is_set() else [],
        version=version("review-sentiment-stream"),
        max_text_chars=settings.max_text_chars,
    )


def _listen_for_signals(server: ApiServer, reload: Callable[[], None]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: server.stop())
    signal.signal(signal.SIGINT, lambda *_: server.stop())
    signal.signal(signal.SIGHUP, lambda *_: threading.Thread(target=reload, name="reload").start())


def _reload(settings: Settings, classifier: Classifier, metrics: ApiMetrics) -> None:
    """The log level as it is set now, and the model as it is on disk now, when that passes its checks."""
    try:
        logs.set_level(load_settings().log_level)
        model = _load(settings)
    except (ModelError, SettingsError) as error:
        metrics.model_reload("refused")
        log.error("model_refused", detail=str(error), kept=classifier.model.version)  # noqa: TRY400 - the detail says it all
    else:
        classifier.swap(model)
        metrics.model_reload("loaded")
        _tell_of(model, metrics)


def _tell_of(model: Model, metrics: ApiMetrics) -> None:
    metrics.model_loaded(model)
    log.info("model_loaded", version=model.version, sha256=model.sha256)
