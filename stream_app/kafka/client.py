"""A client of librdkafka that is closed behind its use and whose errors are ours."""
# ruff: noqa: SLF001 - librdkafka's own error codes are public, though they begin with an underscore

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from stream_app.kafka.connection import (
    BrokerUnavailableError,
    Connection,
    ConnectionSettingsError,
    GroupError,
    KafkaRequestError,
    TopicError,
)

REQUEST_TIMEOUT_S = 10.0
"""How long a request waits for an answer before the broker counts as unavailable."""

_RETRY_S = 0.1
_TRANSIENT = {
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.REPLICA_NOT_AVAILABLE,
    KafkaError.UNKNOWN_LEADER_EPOCH,
    KafkaError.FENCED_LEADER_EPOCH,
    KafkaError.OFFSET_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
    KafkaError.NOT_CONTROLLER,
}
_UNREACHABLE = _TRANSIENT | {
    KafkaError._TRANSPORT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._TIMED_OUT,
    KafkaError._RESOLVE,
    KafkaError.REQUEST_TIMED_OUT,
    KafkaError.NETWORK_EXCEPTION,
    KafkaError.BROKER_NOT_AVAILABLE,
}
_LOGIN = {
    KafkaError._AUTHENTICATION,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.UNSUPPORTED_SASL_MECHANISM,
}

# With TLS 1.3 a broker refuses a client's certificate after the handshake: librdkafka calls that transport.
_TLS_ALERT = "SSL routines::"

ClientKind = TypeVar("ClientKind", AdminClient, Consumer, Producer)
Answer = TypeVar("Answer")


class Client(Generic[ClientKind]):
    """A client of librdkafka whose exceptions become ours.

    Args:
        kind: AdminClient, Consumer or Producer.
        connection: where to.
        purpose: what it is for; its client.id is `stream-app-PURPOSE`.
        settings: more of librdkafka's settings.

    Raises:
        ConnectionSettingsError: librdkafka refuses the settings.
    """

    def __init__(
        self,
        kind: type[ClientKind],
        connection: Connection,
        purpose: str,
        settings: dict[str, Any] | None = None,
    ) -> None:
        self._servers = connection.bootstrap_servers
        self._complaint: KafkaError | None = None
        config = connection.confluent_config(f"stream-app-{purpose}")
        config |= {"error_cb": self._complain, **(settings or {})}
        try:
            self.raw: ClientKind = kind(config)
        except KafkaException as error:
            raise ConnectionSettingsError(f"Kafka connection settings: {error.args[0].str()}") from error

    @contextmanager
    def calls(self) -> Iterator[ClientKind]:
        """The client, for calls whose KafkaException is to become one of ours."""
        self._complaint = None
        try:
            yield self.raw
        except KafkaException as error:
            self.raw.poll(0)  # lets it call `_complain`
            raise self.explain(error.args[0]) from error

    def close(self) -> None:
        """Let go of the connections. Whatever a producer has not sent is dropped: flush it before."""
        if isinstance(self.raw, Producer):
            self.raw.purge()
        with self.raw:
            pass

    def explain(self, error: KafkaError) -> KafkaRequestError:
        """The error as one of ours, with the cause that librdkafka told apart from it."""
        if error.code() in _UNREACHABLE and self._complaint is not None:
            error = self._complaint
        code, text = error.code(), error.str()
        if code in _LOGIN:
            return ConnectionSettingsError(
                f"{self._servers} refuses the login: {text}; check STREAM_SECURITY_PROTOCOL and STREAM_SASL_…"
            )
        if code == KafkaError._SSL or _TLS_ALERT in text:
            return ConnectionSettingsError(
                f"TLS with {self._servers} failed: {text}; check STREAM_SSL_… and whether the broker's "
                "certificate is for this host name"
            )
        if code in _UNREACHABLE:
            return BrokerUnavailableError(
                f"no Kafka broker answers at {self._servers}: {text}; check STREAM_BOOTSTRAP_SERVERS"
            )
        if code == KafkaError.GROUP_AUTHORIZATION_FAILED:
            return GroupError(f"{text}: the user needs the right to Read the consumer group")
        return KafkaRequestError(f"{text} ({error.name()})")

    def _complain(self, error: KafkaError) -> None:
        """Keep why: that all brokers are down is only the consequence."""
        if error.code() != KafkaError._ALL_BROKERS_DOWN:
            self._complaint = error


@contextmanager
def opened(
    kind: type[ClientKind], connection: Connection, purpose: str, settings: dict[str, Any] | None = None
) -> Iterator[ClientKind]:
    """A client for a few calls, closed behind them.

    Raises:
        KafkaRequestError: of the kind that says what is wrong.
    """
    client = Client(kind, connection, purpose, settings)
    try:
        with client.calls() as raw:
            yield raw
    finally:
        client.close()


def answer(call: Callable[[], Answer]) -> Answer:
    """What the call returns; tried again for a while when the broker is not yet the one to ask, or no longer.

    Raises:
        KafkaException: of librdkafka.
    """
    deadline = time.monotonic() + REQUEST_TIMEOUT_S
    while True:
        try:
            return call()
        except KafkaException as error:
            if error.args[0].code() not in _TRANSIENT or time.monotonic() > deadline:
                raise
        time.sleep(_RETRY_S)


def topic_error(topic: str, error: KafkaError) -> TopicError | None:
    """The error as one about the topic, or None when it is about something else."""
    if error.code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC):
        return TopicError(f"topic {topic} does not exist: `stream-app topics create` creates it")
    if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
        return TopicError(
            f"topic {topic} may not be used ({error.str()}): grant the user Read on the input topic, "
            "Write on the result and dead-letter topics, DescribeConfigs on all three"
        )
    return None
