import asyncio
from collections.abc import Iterator

import pytest

from stream_app.kafka.app import TokenProvider, security_arguments
from stream_app.kafka.connection import BrokerUnavailableError, Connection, ConnectionSettingsError
from stream_app.kafka.oauth import ClientCredentials, Token, TokenError, TokenRefusedError, TokenSource
from tests.certificates import CertificateAuthority
from tests.conftest import REPOSITORY
from tests.http_servers import running
from tests.token_endpoint import CLIENT, SECRET, TokenEndpoint


class Fetches:
    """Gives numbered tokens that live 100 seconds of its clock."""

    now = 1000.0
    count = 0

    def __call__(self) -> Token:
        self.count += 1
        return Token(f"token-{self.count}", self.now + 100)

    def clock(self) -> float:
        return self.now


@pytest.fixture
def endpoint() -> Iterator[TokenEndpoint]:
    with running(TokenEndpoint()) as started:
        yield started


def test_a_token_is_fetched_anew_when_four_fifths_of_its_life_are_over() -> None:
    fetches = Fetches()
    source = TokenSource(fetches, fetches.clock)
    assert [source().value, source().value] == ["token-1", "token-1"]
    fetches.now = 1079.9
    assert source().value == "token-1"
    fetches.now = 1080.0
    assert source().value == "token-2"


def test_a_token_comes_from_the_endpoint_for_the_scope_and_tells_its_end(endpoint: TokenEndpoint) -> None:
    token = ClientCredentials(endpoint.url, CLIENT, SECRET, "kafka").fetch()
    assert token.value.count(".") == 2
    assert endpoint.forms == [{"grant_type": ["client_credentials"], "scope": ["kafka"]}]
    endpoint.life_s = 1000.0
    later = ClientCredentials(endpoint.url, CLIENT, SECRET).fetch()
    assert later.expires_at - token.expires_at >= 700
    assert endpoint.forms[1] == {"grant_type": ["client_credentials"]}


def test_a_refusal_names_the_setting_and_not_the_secret(endpoint: TokenEndpoint) -> None:
    credentials = ClientCredentials(endpoint.url, CLIENT, "wrong-secret")
    with pytest.raises(TokenRefusedError, match=r"_OAUTH_TOKEN_URL: no token from http.*401") as raised:
        credentials.fetch()
    assert "wrong-secret" not in str(raised.value) + repr(credentials)


def oauth(url: str, secret: str = SECRET) -> Connection:
    return Connection("a:1", "SASL_PLAINTEXT", "OAUTHBEARER", CLIENT, secret, sasl_oauth_token_url=url)


def test_an_endpoint_that_is_not_there_may_come_and_one_that_refuses_may_not(endpoint: TokenEndpoint) -> None:
    with pytest.raises(BrokerUnavailableError, match=r"127\.0\.0\.1:1/.*refused"):
        oauth("http://127.0.0.1:1/").confluent_config("test")
    with pytest.raises(ConnectionSettingsError, match="401"):
        oauth(endpoint.url, "wrong-secret").confluent_config("test")
    endpoint.status = 503
    with pytest.raises(BrokerUnavailableError, match="503"):
        oauth(endpoint.url).confluent_config("test")


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"access_token": 1}', b"<html>"])
def test_an_answer_without_a_token_is_told(endpoint: TokenEndpoint, body: bytes) -> None:
    endpoint.body = body
    with pytest.raises(TokenError, match=r"no token from .*: \S"):
        ClientCredentials(endpoint.url, CLIENT, SECRET).fetch()


def test_both_clients_get_the_token(endpoint: TokenEndpoint) -> None:
    connection = oauth(endpoint.url)
    config = connection.confluent_config("test")
    value, expires_at = config["oauth_cb"]("")
    assert value.count(".") == 2
    assert expires_at > 0
    assert "sasl.password" not in config
    provider = security_arguments(connection)["sasl_oauth_token_provider"]
    assert isinstance(provider, TokenProvider)
    assert asyncio.run(provider.token()).count(".") == 2


def test_a_key_that_cannot_be_opened_is_a_wrong_setting(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("keys")
    cert, key = CertificateAuthority(folder, "ca").issue("me", password="right")  # noqa: S106 - not a real one
    locked = Connection("a:1", "SSL", ssl_cert_file=cert, ssl_key_file=key)
    with pytest.raises(ConnectionSettingsError, match="STREAM_SSL_"):
        security_arguments(locked)
    foreign = Connection("a:1", "SSL", ssl_ca_file=REPOSITORY / "README.md")
    with pytest.raises(ConnectionSettingsError, match="STREAM_SSL_"):
        security_arguments(foreign)
