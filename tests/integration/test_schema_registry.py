"""Confluent's wire format with a real registry and a real broker."""

import json
import struct
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from stream_app.kafka.broker import Broker
from stream_app.schema_registry import SchemaRegistry, SchemaRegistryError
from tests.apicurio import apicurio
from tests.commands import stream_app
from tests.stream import stream

pytestmark = [pytest.mark.broker, pytest.mark.timeout(900)]  # the registry is fetched once, 158 MB

INCOMPATIBLE = json.dumps(
    {"type": "object", "required": ["other"], "properties": {"other": {"type": "null"}}}
)


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    with apicurio() as address:
        yield address


def asked(url: str, method: str = "GET", content: Any = None) -> Any:  # noqa: ANN401 - whatever JSON it is
    body = None if content is None else json.dumps(content).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - our own http
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own http
        return json.load(answer)


def test_results_carry_the_id_under_which_their_schema_is_found(
    registry: str, broker: Broker, topic_name: str, tmp_path: Path
) -> None:
    with stream(broker.bootstrap_servers, topic_name, tmp_path) as flow:
        flow.create_topics(partitions=1)
        text = b'{"review_id": 1, "text": "I love it."}'
        flow.feed([(b"k", text), (b"k", b"\x00\x00\x00\x00\x63" + text), (b"k", b"\x00poison")])
        worker = flow.start_worker(schema_registry_url=registry)
        flow.wait_for_outputs(3)
        assert worker.terminate() == 0
        records = flow.read_results()
        assert len(records) == 2
        for record in records:
            magic, schema_id = struct.unpack(">bI", (record.value or b"")[:5])
            assert magic == 0
            schema = json.loads(asked(f"{registry}/schemas/ids/{schema_id}")["schema"])
            Draft202012Validator(schema).validate(json.loads((record.value or b"")[5:]))
        (letter,) = flow.read_dead_letters()
        assert letter.value == b"\x00poison"
        settings = {"bootstrap_servers": broker.bootstrap_servers, "result_topic": flow.results}
        consumed = stream_app("consume", "--json", settings=settings).stdout.splitlines()
        assert [json.loads(line)["review_id"] for line in consumed] == ["1", "1"]


def test_a_schema_keeps_its_id_and_one_that_breaks_the_registrys_rules_is_refused(
    registry: str, topic_name: str
) -> None:
    client = SchemaRegistry(registry)
    first = client.register(topic_name, '{"type": "object", "properties": {"a": {"type": "string"}}}')
    again = client.register(topic_name, '{"type": "object", "properties": {"a": {"type": "string"}}}')
    assert first == again
    asked(f"{registry}/config/{topic_name}-value", "PUT", {"compatibility": "FULL"})
    with pytest.raises(SchemaRegistryError, match="409"):
        client.register(topic_name, INCOMPATIBLE)
