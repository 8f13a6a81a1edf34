"""How to reach Kafka: the connection's settings as a client wants them, and its errors as ours.

KafkaRequestError             a request to Kafka failed
├── BrokerUnavailableError    no broker answers
├── ConnectionSettingsError   a setting is wrong, or the broker refuses the login
├── TopicError                a topic is absent or may not be used; names it and what to do
└── GroupError                a consumer group may not be used
"""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stream_app.kafka.oauth import ClientCredentials, TokenError, TokenRefusedError, TokenSource

_RECONNECT_MS = 250
_REPEAT_S = 30.0


class KafkaRequestError(Exception):
    """A request to Kafka failed."""


class BrokerUnavailableError(KafkaRequestError):
    """No broker answers. The message says where it was looked for and why that failed."""


class ConnectionSettingsError(KafkaRequestError):
    """A connection setting is wrong, or the broker refuses the login. The message names the setting."""


class TopicError(KafkaRequestError):
    """A topic is absent or may not be used. The message names it and says what to do."""


class GroupError(KafkaRequestError):
    """A consumer group may not be used."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Where Kafka is and how to log in. Its fields are the settings of the same names."""

    bootstrap_servers: str
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    sasl_oauth_token_url: str | None = None
    sasl_oauth_scope: str | None = None
    ssl_ca_file: Path | None = None
    ssl_cert_file: Path | None = None
    ssl_key_file: Path | None = None
    ssl_key_password: str | None = field(default=None, repr=False)

    def confluent_config(self, client_id: str) -> dict[str, Any]:
        """The configuration of a confluent-kafka client, which logs to the logger `confluent_kafka`.

        Raises:
            ConnectionSettingsError: a file cannot be read, or no token is given for the login.
            BrokerUnavailableError: whoever gives tokens cannot be asked now.
        """
        given = {
            "bootstrap.servers": self.bootstrap_servers,
            "security.protocol": self.security_protocol,
            **self._login(),
            "ssl.ca.location": _readable("SSL_CA_FILE", self.ssl_ca_file),
            "ssl.certificate.location": _readable("SSL_CERT_FILE", self.ssl_cert_file),
            "ssl.key.location": _readable("SSL_KEY_FILE", self.ssl_key_file),
            "ssl.key.password": self.ssl_key_password,
            "client.id": client_id,
            "reconnect.backoff.ms": _RECONNECT_MS,
            "logger": ClientLog(logging.getLogger("confluent_kafka")),
        }
        return {name: value for name, value in given.items() if value is not None}

    def token_source(self) -> TokenSource:
        """Where the access tokens of SASL/OAUTHBEARER come from."""
        url, user, secret = self.sasl_oauth_token_url, self.sasl_username, self.sasl_password
        return TokenSource(
            ClientCredentials(url or "", user or "", secret or "", self.sasl_oauth_scope).fetch
        )

    def _login(self) -> dict[str, Any]:
        if self.sasl_mechanism == "OAUTHBEARER":
            source = self.token_source()
            _try(source)
            return {"sasl.mechanism": self.sasl_mechanism, "oauth_cb": lambda _config: source()}
        return {
            "sasl.mechanism": self.sasl_mechanism,
            "sasl.username": self.sasl_username,
            "sasl.password": self.sasl_password,
        }


def _try(source: TokenSource) -> None:
    """Librdkafka would wait for a first token and then not tell why none came."""
    try:
        source()
    except TokenRefusedError as error:
        raise ConnectionSettingsError(str(error)) from error
    except TokenError as error:
        raise BrokerUnavailableError(str(error)) from error


def _readable(setting: str, path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        with path.open("rb"):
            return str(path)
    except OSError as error:
        raise ConnectionSettingsError(f"STREAM_{setting}: cannot read {path}: {error.strerror}") from error


class ClientLog:
    """The logger that librdkafka gets: drops repeats, since it says the same with each attempt to connect."""

    def __init__(self, logger: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._logger = logger
        self._clock = clock
        self._said: dict[str, float] = {}

    def log(self, level: int, message: str, *args: object) -> None:
        """Log the line, unless one that differs only in its figures was logged a moment ago."""
        line = message % args if args else message
        kind, now = re.sub(r"\d+", "", line), self._clock()
        if now - self._said.get(kind, -_REPEAT_S) >= _REPEAT_S:
            self._said[kind] = now
            self._logger.log(level, "%s", line)
