import pytest
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from stream_app.kafka.client import Client, answer, opened, topic_error
from stream_app.kafka.connection import (
    BrokerUnavailableError,
    Connection,
    ConnectionSettingsError,
    GroupError,
    KafkaRequestError,
    TopicError,
)

NOWHERE = Connection("127.0.0.1:1")


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        (KafkaError._TRANSPORT, BrokerUnavailableError, r"127\.0\.0\.1:1.*STREAM_BOOTSTRAP_SERVERS"),
        (KafkaError._TIMED_OUT, BrokerUnavailableError, r"127\.0\.0\.1:1"),
        (KafkaError._RESOLVE, BrokerUnavailableError, r"127\.0\.0\.1:1"),
        (KafkaError._AUTHENTICATION, ConnectionSettingsError, r"refuses the login.*STREAM_SASL_"),
        (KafkaError._SSL, ConnectionSettingsError, r"TLS.*STREAM_SSL_"),
        (KafkaError.GROUP_AUTHORIZATION_FAILED, GroupError, r"right to Read"),
        (KafkaError.UNKNOWN, KafkaRequestError, r"a reason"),
    ],
)
def test_each_error_of_librdkafka_is_one_of_ours(code: int, kind: type[Exception], says: str) -> None:
    explained = Client(AdminClient, NOWHERE, "test").explain(KafkaError(code, "a reason"))
    assert type(explained) is kind
    assert "a reason" in str(explained)
    with pytest.raises(kind, match=says):
        raise explained


def test_a_certificate_refused_after_the_handshake_is_told_as_such() -> None:
    alert = KafkaError(KafkaError._TRANSPORT, "Receive failed: error:0A000412:SSL routines::bad certificate")
    explained = Client(AdminClient, NOWHERE, "test").explain(alert)
    assert type(explained) is ConnectionSettingsError
    assert "STREAM_SSL_" in str(explained)


def test_an_absent_broker_is_told_with_the_cause_and_the_cause_is_kept() -> None:
    with (
        pytest.raises(BrokerUnavailableError, match="Connection refused") as raised,
        opened(AdminClient, NOWHERE, "test") as admin,
    ):
        admin.list_topics(timeout=1)
    assert isinstance(raised.value.__cause__, KafkaException)


def test_settings_that_librdkafka_refuses_are_told() -> None:
    with pytest.raises(ConnectionSettingsError, match=r"security\.protocol"):
        Client(AdminClient, Connection("a:1", security_protocol="CARRIER_PIGEON"), "test")


def test_closing_a_producer_does_not_wait_for_an_absent_broker() -> None:
    client = Client(Producer, NOWHERE, "test")
    client.raw.produce("topic", b"value")
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.raw.produce("topic", b"value")


def test_an_error_about_a_topic_names_it_and_what_to_do() -> None:
    absent = topic_error("reviews.raw", KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
    assert isinstance(absent, TopicError)
    assert "reviews.raw" in str(absent)
    assert "stream-app topics create" in str(absent)
    refused = topic_error("reviews.raw", KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))
    assert isinstance(refused, TopicError)
    assert "reviews.raw" in str(refused)
    assert "grant" in str(refused)
    assert topic_error("reviews.raw", KafkaError(KafkaError._TRANSPORT)) is None


def test_what_is_only_not_ready_yet_is_asked_again() -> None:
    codes = [KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.COORDINATOR_LOAD_IN_PROGRESS]

    def ask() -> str:
        if codes:
            raise KafkaException(KafkaError(codes.pop()))
        return "the answer"

    assert answer(ask) == "the answer"


def test_another_error_is_not_asked_again() -> None:
    asked: list[int] = []

    def ask() -> None:
        asked.append(1)
        raise KafkaException(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))

    with pytest.raises(KafkaException):
        answer(ask)
    assert len(asked) == 1


def test_what_never_gets_ready_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_app.kafka.client.REQUEST_TIMEOUT_S", 0.0)

    def ask() -> None:
        raise KafkaException(KafkaError(KafkaError.LEADER_NOT_AVAILABLE))

    with pytest.raises(KafkaException):
        answer(ask)
