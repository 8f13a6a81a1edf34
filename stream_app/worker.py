"""The Faust app: an agent that classifies slices, batches in flight, acks when the broker has them, drain.

A slice is acked only when the broker holds all its outputs. Whatever goes wrong otherwise ends the process
at once, without an ack: its supervisor starts it again, and what was not committed is read again.
"""

import asyncio
import gc
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Never, cast

import faust
import structlog
from aiokafka.errors import (
    AuthenticationFailedError,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
from faust.events import Event
from faust.streams import Stream
from faust.types import TP

from stream_app.breaker import PROBE_DELAYS, ProbeDelays
from stream_app.core.errors import ModelError
from stream_app.core.isolation import classify_isolating
from stream_app.core.messages import encode_dead_letter
from stream_app.core.pipeline import Rules
from stream_app.core.scoring import Model
from stream_app.exit_codes import ExitCode
from stream_app.kafka.app import (
    ack_published,
    delivery_of,
    input_topic,
    is_stale,
    new_app,
    skip,
    slice_in,
    work_of,
)
from stream_app.kafka.consumer import Watch
from stream_app.kafka.delivery import turn_loop
from stream_app.kafka.pauses import Pauses, PauseWatch
from stream_app.kafka.publish import Outputs, OutputTopic, Publisher
from stream_app.kafka.slices import Slice
from stream_app.logs import write_out
from stream_app.observation import Observation, StageClock
from stream_app.pool_beat import PoolBeat
from stream_app.room import Room
from stream_app.settings import Settings, SettingsError
from stream_app.tracing import SliceSpan, Trace

if TYPE_CHECKING:
    from faust.types.agents import AgentFun

log = structlog.stdlib.get_logger(__name__)

_HEARTBEAT_S = 1.0
# What the broker refuses by who asks: trying again changes nothing.
_REFUSALS = (
    AuthenticationFailedError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    GroupAuthorizationFailedError,
    ClusterAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the worker works with, made once at the entry point."""

    settings: Settings
    security: Mapping[str, Any]
    rules: Rules
    results: OutputTopic
    dead_letters: OutputTopic
    observation: Observation
    trace: Trace
    probe_delays: ProbeDelays = PROBE_DELAYS


class Worker:
    """One member of the consumer group.

    Args:
        wiring: what it works with.
        model: the model to begin with.
        reload: gives the model anew when SIGHUP asks for it, or raises ModelError or SettingsError.
    """

    def __init__(self, wiring: Wiring, model: Model, reload: Callable[[], Model]) -> None:
        self._wiring = wiring
        self._model = model
        self._reload_model = reload
        self._settings = wiring.settings
        self._observation = wiring.observation
        self._in_flight: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()
        self._draining = threading.Event()
        self._app = self._new_app()
        self._room = Room(wiring.settings.max_in_flight * delivery_of(self._app).rooms)
        self._pauses = self._new_pauses()

    async def run(self) -> None:
        """Classify until SIGTERM or SIGINT, then drain: what is in flight is finished and committed."""
        self._listen_for_signals()
        threading.Thread(target=self._cut_drain_short, name="deadline", daemon=True).start()
        self._observation.model_loaded(self._model)
        beat = asyncio.create_task(self._beat())
        await self._app.start()
        gc.collect()
        gc.freeze()  # what is here by now stays: the collector need not look at it again
        log.info("worker_started", group=self._settings.group_id, model=self._model.version)
        await self._stop.wait()
        log.info("drain_started", in_flight=len(self._in_flight))
        await self._app.stop()
        await delivery_of(self._app).close()
        beat.cancel()
        log.info("drain_done")

    def _new_app(self) -> faust.App:
        publisher = Publisher(self._wiring.results, self._wiring.dead_letters)
        app = new_app(self._settings, self._wiring.security, self._new_watch(), publisher)
        app.agent(input_topic(app, self._settings.input_topic), name="classify")(
            cast("AgentFun[None]", self._classify)
        )
        return app

    def _new_watch(self) -> Watch:
        seen = self._observation
        return Watch(
            committed=seen.committed,
            commit_failed=seen.commit_failed,
            assigned=seen.assigned,
            revoked=self._revoked,
            offsets_lost=seen.offsets_lost,
            group_failed=_end_by_kafka,
            consumer_beat=partial(seen.heard, "consumer's thread"),
        )

    async def _classify(self, stream: Stream[Slice]) -> None:
        """The agent: slice after slice, without waiting for the acks of the one before."""
        async for event in stream.noack().events():
            with no_error_reaches_faust():
                await self._room.free()
                if is_stale(event):
                    await skip(stream, event)
                else:
                    await self._classify_slice(stream, event)
                    await turn_loop(delivery_of(self._app).turns)

    async def _classify_slice(self, stream: Stream[Slice], event: Event) -> None:
        clock, received, model = StageClock(), slice_in(event), self._model
        span = self._wiring.trace(received.records)
        outcomes = classify_isolating(received.records, model, self._wiring.rules, clock.ended)
        self._observation.classified(outcomes, clock.seconds, model.version)
        results = [record for outcome in outcomes for record in outcome.results]
        letters = [letter for outcome in outcomes for letter in outcome.dead_letters]
        self._pauses.classified(event, len(results) + len(letters), len(letters))
        span.classified(len(results), len(letters), model.version)
        sent = Sent(time.monotonic(), span, received.fullness(self._settings.max_batch))
        outputs = Outputs(results, [encode_dead_letter(letter) for letter in letters])
        self._room.take(sent.fullness)
        delivered = await delivery_of(self._app).deliver(work_of(event, outputs))
        task = asyncio.create_task(self._settle(stream, event, delivered, sent))
        self._in_flight.add(task)
        self._observation.in_flight(len(self._in_flight))
        task.add_done_callback(self._in_flight.discard)

    async def _settle(
        self,
        stream: Stream[Slice],
        event: Event,
        delivered: Awaitable[object],
        sent: "Sent",
    ) -> None:
        """Ack the slice when the broker holds all its outputs."""
        with no_error_reaches_faust(self._observation.publish_failed):
            await delivered
            await ack_published(stream, event)
            self._room.give_back(sent.fullness)
            sent.span.published()
            self._observation.published(slice_in(event), sent.at)
            self._observation.in_flight(len(self._in_flight) - 1)

    def _new_pauses(self) -> Pauses:
        seen = self._observation
        watch = PauseWatch(
            opened=seen.partition_paused,
            probed=seen.partition_probed,
            closed=seen.partition_resumed,
            paused=seen.paused,
        )
        return Pauses(self._app, self._settings.dlq_breaker_share, self._wiring.probe_delays, watch)

    def _revoked(self, partitions: set[TP]) -> None:
        self._pauses.revoked(partitions)
        self._observation.revoked(partitions)

    def _listen_for_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._begin_stop)
        loop.add_signal_handler(signal.SIGINT, self._begin_stop)
        loop.add_signal_handler(signal.SIGHUP, lambda: loop.create_task(self._reload()))

    def _begin_stop(self) -> None:
        """Drain. Its deadline runs from here on, also when the start has not ended, the broker being away."""
        self._stop.set()
        self._draining.set()

    async def _reload(self) -> None:
        """Swap the model for the one on disk, when that passes its checks."""
        try:
            model = await asyncio.to_thread(self._reload_model)
        except (ModelError, SettingsError) as error:
            self._observation.model_refused(error, self._model)
        else:
            self._model = model
            self._observation.model_reloaded(model)

    async def _beat(self) -> None:
        """Tell that the loop turns, and end the process when a part of Faust has died."""
        pool = PoolBeat(partial(self._observation.heard, "thread pool"))
        while True:
            self._observation.beat()
            pool.ask()
            self._pauses.probe()
            if self._app.crashed:
                error = self._app.crash_reason or RuntimeError("a part of Faust crashed without a reason")
                end_process(_exit_code(error), "faust_crashed", error)
            await asyncio.sleep(_HEARTBEAT_S)

    def _cut_drain_short(self) -> None:
        """End a stop that does not end by itself: the broker is away, or a thread of the pool hangs.

        For a thread that is started early: without memory none could be, when the stop comes.
        """
        self._draining.wait()
        time.sleep(self._settings.drain_timeout_s)
        try:
            log.warning("drain_cut_short", in_flight=len(self._in_flight), then="they are read again")
            write_out()
        finally:
            os._exit(ExitCode.DONE)


class Sent(NamedTuple):
    """A slice on its way to the broker: since when (monotonic seconds), its span, and the room it takes."""

    at: float
    span: SliceSpan
    fullness: float


@contextmanager
def no_error_reaches_faust(kafka_failed: Callable[[BaseException], None] = lambda _: None) -> Iterator[None]:
    """Faust acks what an agent fails on: so end the process first. A cancellation is a stop and passes."""
    try:
        yield
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever it is
        if isinstance(error, KafkaError):
            kafka_failed(error)
        end_process(_exit_code(error), "slice_failed", error)


def _exit_code(error: BaseException) -> ExitCode:
    if isinstance(error, _REFUSALS):
        return ExitCode.CONFIGURATION
    return ExitCode.KAFKA_FAILED if isinstance(error, KafkaError) else ExitCode.INTERNAL_ERROR


def _end_by_kafka(error: BaseException) -> Never:
    """The consumer group cannot go on."""
    refused = isinstance(error, _REFUSALS)
    end_process(ExitCode.CONFIGURATION if refused else ExitCode.KAFKA_FAILED, "coordinator_failed", error)


def end_process(code: ExitCode, event: str, error: BaseException) -> Never:
    """End at once, without an ack and without the clean-up that would commit or wait."""
    try:
        log.critical(event, exit_code=int(code), exc_info=error)
        write_out()
    finally:  # without memory not even a line can be made
        os._exit(code)
