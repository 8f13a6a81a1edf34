import logging
from pathlib import Path

import pytest

from stream_app.kafka.connection import ClientLog, Connection, ConnectionSettingsError


class Logger(logging.Logger):
    """Remembers what it was given."""

    def __init__(self) -> None:
        super().__init__("test")
        self.lines: list[tuple[int, str]] = []

    def handle(self, record: logging.LogRecord) -> None:
        self.lines.append((record.levelno, record.getMessage()))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_connection_shows_no_secret() -> None:
    hidden = "hidden"
    connection = Connection("a:1", sasl_username="me", sasl_password=hidden, ssl_key_password=hidden)
    assert "hidden" not in repr(connection)
    assert "me" in repr(connection)


def test_what_is_not_given_is_left_to_librdkafka() -> None:
    config = Connection("a:1,b:2").confluent_config("reader")
    del config["logger"], config["reconnect.backoff.ms"]
    assert config == {
        "bootstrap.servers": "a:1,b:2",
        "security.protocol": "PLAINTEXT",
        "client.id": "reader",
    }


def test_every_setting_reaches_librdkafka_under_its_name(tmp_path: Path) -> None:
    ca, cert, key = [tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem")]
    for file in (ca, cert, key):
        file.touch()
    connection = Connection(
        "a:1",
        "SASL_SSL",
        "SCRAM-SHA-512",
        "me",
        "word",
        ssl_ca_file=ca,
        ssl_cert_file=cert,
        ssl_key_file=key,
        ssl_key_password="other word",  # noqa: S106 - not a real one
    )
    config = connection.confluent_config("reader")
    assert {name: config[name] for name in config if name.startswith(("security", "sasl", "ssl"))} == {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "me",
        "sasl.password": "word",
        "ssl.ca.location": str(ca),
        "ssl.certificate.location": str(cert),
        "ssl.key.location": str(key),
        "ssl.key.password": "other word",
    }


ABSENT = Path("/absent/file.pem")


@pytest.mark.parametrize(
    ("connection", "setting"),
    [
        (Connection("a:1", ssl_ca_file=ABSENT), "STREAM_SSL_CA_FILE"),
        (Connection("a:1", ssl_cert_file=ABSENT), "STREAM_SSL_CERT_FILE"),
        (Connection("a:1", ssl_key_file=ABSENT), "STREAM_SSL_KEY_FILE"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_setting(connection: Connection, setting: str) -> None:
    with pytest.raises(ConnectionSettingsError, match=f"{setting}: cannot read {ABSENT}"):
        connection.confluent_config("reader")


def test_the_clients_log_says_the_same_once_in_30_seconds() -> None:
    logger, clock = Logger(), Clock()
    log = ClientLog(logger, clock)
    for attempt in range(5):
        log.log(logging.ERROR, "%s refused after %d ms", "a:1", attempt)
    log.log(logging.WARNING, "something else")
    clock.now = 29.9
    log.log(logging.ERROR, "%s refused after %d ms", "a:1", 7)
    clock.now = 30.0
    log.log(logging.ERROR, "%s refused after %d ms", "a:1", 8)
    assert logger.lines == [
        (logging.ERROR, "a:1 refused after 0 ms"),
        (logging.WARNING, "something else"),
        (logging.ERROR, "a:1 refused after 8 ms"),
    ]


def test_the_clients_log_takes_a_line_with_a_percent_sign_as_it_is() -> None:
    logger = Logger()
    ClientLog(logger).log(logging.INFO, "100% of it")
    assert logger.lines == [(logging.INFO, "100% of it")]
