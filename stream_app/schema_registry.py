"""Registers a schema with a Confluent-compatible registry, by its REST API.

confluent-kafka's own client does the same, but needs five more packages for this one request.
"""

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from stream_app.kafka.connection import BrokerUnavailableError, KafkaRequestError

_TIMEOUT_S = 10.0
_CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"


class SchemaRegistryError(KafkaRequestError):
    """The registry refuses. The message names the setting and what it said."""


class SchemaRegistryUnavailableError(BrokerUnavailableError):
    """The registry does not answer, or not now."""


@dataclass(frozen=True, slots=True)
class SchemaRegistry:
    """Where the registry is and how to log in (HTTP basic authentication)."""

    url: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def register(self, topic: str, schema: str) -> int:
        """The id of the JSON Schema of a topic's values; the same one each time (TopicNameStrategy).

        Raises:
            SchemaRegistryError: it refuses: the schema breaks its rules, or the login is wrong.
            SchemaRegistryUnavailableError: it does not answer.
        """
        subject = urllib.parse.quote(f"{topic}-value", safe="")
        request = urllib.request.Request(  # noqa: S310 - settings take http and https alone
            f"{self.url.rstrip('/')}/subjects/{subject}/versions",
            json.dumps({"schemaType": "JSON", "schema": schema}).encode(),
            self._headers(),
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - see above
                return _schema_id(json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                said = error.read(500).decode(errors="replace")
            refused = error.code < HTTPStatus.INTERNAL_SERVER_ERROR
            kind = SchemaRegistryError if refused else SchemaRegistryUnavailableError
            raise kind(f"STREAM_SCHEMA_REGISTRY_URL: {self.url} says {error.code}: {said}") from None
        except OSError as error:
            message = f"STREAM_SCHEMA_REGISTRY_URL: no schema registry answers at {self.url}: {error}"
            raise SchemaRegistryUnavailableError(message) from None
        except ValueError as error:
            message = f"STREAM_SCHEMA_REGISTRY_URL: {self.url} is no schema registry: {error}"
            raise SchemaRegistryError(message) from None

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": _CONTENT_TYPE, "Accept": _CONTENT_TYPE}
        if self.username is not None:
            pair = f"{self.username}:{self.password or ''}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        return headers


def _schema_id(answer: Any) -> int:  # noqa: ANN401 - whatever JSON came
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), int):
        raise ValueError(f"expected an object with an integer id, got {str(answer)[:200]}")  # noqa: TRY004 - it is the value that is wrong
    return int(answer["id"])
