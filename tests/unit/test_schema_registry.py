"""The registration, against a server that answers as the registry's documentation says."""

import base64
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from stream_app.schema_registry import SchemaRegistry, SchemaRegistryError, SchemaRegistryUnavailableError
from stream_app.settings import load_settings
from tests.http_servers import running


class Registry(HTTPServer):
    """Answers with `status` and `body`; remembers what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.status, self.body = 200, b'{"id": 7}'
        self.asked: list[tuple[str, dict[str, str], Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Request(BaseHTTPRequestHandler):
    server: Registry

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, dict(self.headers.items()), content))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Registry]:
    with running(Registry()) as started:
        yield started


def test_the_schema_is_registered_under_the_topics_name(server: Registry) -> None:
    registry = SchemaRegistry(f"{server.url}/", "me", "hunter2")
    assert registry.register("a topic/x", '{"type": "object"}') == 7
    ((path, headers, content),) = server.asked
    assert path == "/subjects/a%20topic%2Fx-value/versions"
    assert content == {"schemaType": "JSON", "schema": '{"type": "object"}'}
    assert headers["Content-Type"] == "application/vnd.schemaregistry.v1+json"
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"me:hunter2"
    assert "hunter2" not in repr(registry)


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (409, b'{"error_code": 409, "message": "incompatible"}', SchemaRegistryError, "409.*incompatible"),
        (401, b"no", SchemaRegistryError, "401"),
        (503, b"later", SchemaRegistryUnavailableError, "503: later"),
        (200, b"<html>", SchemaRegistryError, "is no schema registry"),
        (200, b"[]", SchemaRegistryError, "is no schema registry"),
        (200, b'{"id": "7"}', SchemaRegistryError, "is no schema registry"),
    ],
)
def test_whatever_else_it_says_is_told_with_the_setting(
    server: Registry, status: int, body: bytes, kind: type[Exception], says: str
) -> None:
    server.status, server.body = status, body
    with pytest.raises(kind, match=f"STREAM_SCHEMA_REGISTRY_URL.*{says}") as raised:
        SchemaRegistry(server.url).register("topic", "{}")
    assert type(raised.value) is kind


def test_a_registry_that_is_not_there_may_come() -> None:
    with pytest.raises(SchemaRegistryUnavailableError, match=r"no schema registry answers at .*:1:"):
        SchemaRegistry("http://127.0.0.1:1").register("topic", "{}")


def test_the_settings_name_it_or_do_not() -> None:
    assert load_settings().schema_registry() is None
    given = load_settings(
        schema_registry_url="http://a:1",
        schema_registry_username="me",
        schema_registry_password="hunter2",  # noqa: S106 - not a real one
    )
    assert given.schema_registry() == SchemaRegistry("http://a:1", "me", "hunter2")
    assert "hunter2" not in given.model_dump_json()
