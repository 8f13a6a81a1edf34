"""`stream-app worker`: wires one member of the consumer group and runs it."""

import asyncio
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import TypeVar

import structlog
from prometheus_client import CollectorRegistry

from stream_app import logs
from stream_app.breaker import PROBE_DELAYS, ProbeDelays
from stream_app.commands.classifier import framed_rules_of, model_folder, rules_of
from stream_app.core.errors import ModelError
from stream_app.core.pipeline import Rules
from stream_app.core.scoring import Model
from stream_app.exit_codes import ExitCode
from stream_app.health import LIVENESS_LIMITS, Health, LivenessLimits, WorkerIdentity
from stream_app.health_server import HealthServer
from stream_app.kafka.app import security_arguments
from stream_app.kafka.connection import BrokerUnavailableError, Connection
from stream_app.kafka.lag_reader import LagReader
from stream_app.kafka.publish import OutputTopic
from stream_app.kafka.topics import TopicLimits, limits
from stream_app.lag_monitor import LagMonitor
from stream_app.metrics import Metrics
from stream_app.model_store import load_model
from stream_app.observation import Observation
from stream_app.settings import Settings, load_settings
from stream_app.tracing import Trace, tracing
from stream_app.worker import Wiring, Worker

log = structlog.stdlib.get_logger(__name__)

_BROKER_RETRY_S = 2.0

Answer = TypeVar("Answer")


def run_worker(
    settings: Settings,
    probe_delays: ProbeDelays = PROBE_DELAYS,
    liveness_limits: LivenessLimits = LIVENESS_LIMITS,
) -> None:
    """Classify until SIGTERM or SIGINT.

    Args:
        settings: of the stream.
        probe_delays: of partitions that are paused because of their dead letters.
        liveness_limits: of `/livez`.

    Raises:
        ModelError: the model must not be used.
        TopicError: a topic is absent or may not be used.
        OSError: the HTTP port is taken.
    """
    logs.configure(settings.log_level, settings.log_format)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(ExitCode.DONE))  # until there is something to drain
    model = load_model(model_folder(settings), settings.thresholds)
    registry = CollectorRegistry()
    metrics = Metrics(registry, version("review-sentiment-stream"))
    health = Health(_identity(settings), limits=liveness_limits)
    connection = settings.connection()
    with ExitStack() as stack:
        server = HealthServer(health, registry, settings.http_host, settings.http_port)
        stack.enter_context(server)
        log.info("health_listening", address=f"http://{settings.http_host}:{server.port}")
        found = _wait_for(lambda: _limits(connection, settings), health)
        rules = _wait_for(lambda: _rules(settings), health)
        lag = LagReader(connection, settings.group_id, settings.input_topic)
        stack.enter_context(LagMonitor(lambda: lag(health.partitions), metrics, health))
        trace = stack.enter_context(tracing(settings))
        observation = Observation(metrics, health)
        wiring = replace(_wire(settings, rules, found, observation, trace), probe_delays=probe_delays)
        asyncio.run(_run(wiring, model))


def _identity(settings: Settings) -> WorkerIdentity:
    return WorkerIdentity(
        version=version("review-sentiment-stream"),
        group=settings.group_id,
        input_topic=settings.input_topic,
        result_topic=settings.result_topic,
        dlq_topic=settings.dlq_topic,
        guarantee=settings.processing_guarantee,
        started_at=datetime.now(UTC),
    )


def _wait_for(ask: Callable[[], Answer], health: Health) -> Answer:
    """The answer, as soon as there is someone to ask: broker and registry may come later than we do."""
    while True:
        health.beat()
        try:
            return ask()
        except BrokerUnavailableError as error:
            log.warning("waiting_for_broker", detail=str(error))
            time.sleep(_BROKER_RETRY_S)


def _limits(connection: Connection, settings: Settings) -> dict[str, TopicLimits]:
    return limits(connection, [settings.input_topic, settings.result_topic, settings.dlq_topic])


def _rules(settings: Settings) -> Rules:
    registry = settings.schema_registry()
    return rules_of(settings) if registry is None else framed_rules_of(settings, registry)


def _wire(
    settings: Settings,
    rules: Rules,
    found: dict[str, TopicLimits],
    observation: Observation,
    trace: Trace,
) -> Wiring:
    inputs, results = found[settings.input_topic], found[settings.result_topic]
    letters = found[settings.dlq_topic]
    same = inputs.partitions == results.partitions
    return Wiring(
        settings=settings,
        security=security_arguments(settings.connection()),
        rules=replace(rules, max_result_bytes=results.max_message_bytes),
        results=OutputTopic(settings.result_topic, results.partitions, results.max_message_bytes, same),
        dead_letters=OutputTopic(settings.dlq_topic, letters.partitions, letters.max_message_bytes, same),
        observation=observation,
        trace=trace,
    )


async def _run(wiring: Wiring, model: Model) -> None:
    await Worker(wiring, model, partial(_reload, wiring.settings)).run()


def _reload(settings: Settings) -> Model:
    """What SIGHUP asks for: the log level as it is set now, and the model as it is on disk now."""
    logs.set_level(load_settings().log_level)
    try:
        return load_model(model_folder(settings), settings.thresholds)
    except MemoryError as error:
        raise ModelError("there is no memory to load a model beside the one in use") from error
