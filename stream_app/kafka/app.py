"""The Faust application: its settings, and the transport in the place of Faust's own."""

import asyncio
import ssl
from collections.abc import Mapping
from typing import Any, Final, cast

import faust
from aiokafka.abc import AbstractTokenProvider
from aiokafka.helpers import create_ssl_context
from faust.events import Event
from faust.streams import Stream
from faust.tables.manager import TableManager
from faust.types import TP

from stream_app.kafka.connection import Connection, ConnectionSettingsError
from stream_app.kafka.consumer import Consumer, Watch
from stream_app.kafka.delivery import AtLeastOnce, Delivery, Work
from stream_app.kafka.expected_retries import expect_retries
from stream_app.kafka.oauth import TokenSource
from stream_app.kafka.producers import TransactionalProducer
from stream_app.kafka.publish import Outputs, Publisher
from stream_app.kafka.requests import Membership
from stream_app.kafka.slices import Slice, SliceMessage, SliceSchema, slicing
from stream_app.kafka.transactions import ExactlyOnce
from stream_app.kafka.transport import Producer, Transport
from stream_app.settings import Settings


class App(faust.App):
    """A Faust application that keeps nothing on disk."""

    def _create_directories(self) -> None:
        """Stock Faust makes folders for tables: here are none, and the root may be read-only."""


class NoTables(TableManager):
    """Stock Faust waits a second for tables to be registered before it subscribes: here are none."""

    async def on_start(self) -> None:
        """Subscribe at once."""
        await self._update_channels()
        await self.recovery.start()


def new_app(settings: Settings, security: Mapping[str, Any], watch: Watch, publisher: Publisher) -> faust.App:
    """An application with no topic of its own making, no web server, no leader election and no tables.

    Args:
        settings: of the stream.
        security: aiokafka's security arguments.
        watch: is told what happens in the transport.
        publisher: knows the output topics.
    """
    app = App(
        settings.group_id,
        broker="kafka://",
        ConsumerScheduler=slicing(settings.max_batch),
        TableManager=NoTables,
        autodiscover=False,
        store="memory://",
        web_enabled=False,
        key_serializer="raw",
        value_serializer="raw",
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        stream_wait_empty=True,
        stream_buffer_maxsize=settings.max_in_flight,
        broker_commit_interval=settings.commit_interval_s,
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=settings.session_timeout_s / 5,
        broker_request_timeout=max(60.0, settings.session_timeout_s),
        broker_rebalance_timeout=30.0,
        broker_max_poll_interval=1e6,
        consumer_group_instance_id=settings.group_instance_id,
        producer_compression_type=None if settings.compression == "none" else settings.compression,
        producer_max_batch_size=publisher.max_batch_bytes,
        producer_request_timeout=60.0,
    )
    expect_retries()
    transport = Transport(settings.bootstrap_servers, app, security, watch)
    app.transport = app.producer_transport = transport
    transport.delivery = _DELIVERIES[settings.processing_guarantee](app, publisher)
    return app


def _at_least_once(app: faust.App, publisher: Publisher) -> Delivery:
    """By the producer under Faust's: Faust's own send is 20 times slower."""
    return AtLeastOnce(lambda: cast("Producer", app.producer).patient, publisher)


def _exactly_once(app: faust.App, publisher: Publisher) -> Delivery:
    def new_producer(name: str, member: Membership) -> TransactionalProducer:
        return cast("Producer", app.producer).new_transactional(name, member)

    return ExactlyOnce(new_producer, app.conf.id, publisher)


_DELIVERIES: Final = {"at_least_once": _at_least_once, "exactly_once": _exactly_once}


def delivery_of(app: faust.App) -> Delivery:
    """The way of the application's outputs to the broker."""
    return cast("Transport", app.transport).delivery


def input_topic(app: faust.App, name: str) -> faust.TopicT:
    """The topic whose stream yields slices."""
    return app.topic(name, schema=SliceSchema())


def slice_in(event: Event) -> Slice:
    """The slice that an event of the input's stream carries."""
    return cast("Slice", event.value)


def work_of(event: Event, outputs: Outputs) -> Work:
    """The event's slice, classified."""
    return Work(TP(*event.message.tp), event.message.offset + 1, outputs)


async def ack_published(stream: Stream[Any], event: Event) -> None:
    """The broker holds all outputs of the event's slice: its offset may be committed."""
    cast("SliceMessage", event.message).is_published = True
    await stream.ack(event)


def is_stale(event: Event) -> bool:
    """Whether the event's slice was delivered behind a pause of its partition: it will be delivered again."""
    return cast("SliceMessage", event.message).is_stale


async def skip(stream: Stream[Any], event: Event) -> None:
    """Let go of an event whose slice is not to be classified; its offset is not committed."""
    await stream.ack(event)


def pause_behind(app: faust.App, event: Event) -> None:
    """Fetch no more of the event's partition; what was fetched of it already becomes stale."""
    cast("Consumer", app.consumer).pause_behind(cast("SliceMessage", event.message))


def resume(app: faust.App, partition: TP) -> None:
    """Fetch a paused partition again, from behind the last slice that was classified."""
    app.consumer.resume_partitions({partition})


def security_arguments(connection: Connection) -> dict[str, Any]:
    """How an aiokafka client logs in; the other form is `Connection.confluent_config`.

    Raises:
        ConnectionSettingsError: a certificate or key file cannot be used.
    """
    arguments: dict[str, Any] = {"security_protocol": connection.security_protocol}
    if connection.security_protocol.startswith("SASL"):
        arguments |= _login(connection)
    if connection.security_protocol.endswith("SSL"):
        arguments["ssl_context"] = _tls(connection)
    return arguments


class TokenProvider(AbstractTokenProvider):  # type: ignore[misc] # aiokafka has no types
    """A token source as aiokafka wants it."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source

    async def token(self) -> str:
        """The token to use now, fetched beside the loop."""
        return (await asyncio.to_thread(self._source)).value


def _login(connection: Connection) -> dict[str, Any]:
    if connection.sasl_mechanism == "OAUTHBEARER":
        provider = TokenProvider(connection.token_source())
        return {"sasl_mechanism": connection.sasl_mechanism, "sasl_oauth_token_provider": provider}
    return {
        "sasl_mechanism": connection.sasl_mechanism,
        "sasl_plain_username": connection.sasl_username,
        "sasl_plain_password": connection.sasl_password,
    }


def _tls(connection: Connection) -> ssl.SSLContext:
    try:
        context: ssl.SSLContext = create_ssl_context(
            cafile=connection.ssl_ca_file,
            certfile=connection.ssl_cert_file,
            keyfile=connection.ssl_key_file,
            password=connection.ssl_key_password or "",  # without one OpenSSL asks at the terminal
        )
    except OSError as error:
        raise ConnectionSettingsError(f"STREAM_SSL_…: {error}") from error
    return context
