"""Settings: read once from the environment (STREAM_…) and `.env`, checked, and passed down."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from stream_app.core.messages import FIELDS
from stream_app.kafka.connection import Connection
from stream_app.schema_registry import SchemaRegistry

PREFIX = "STREAM_"
Port = Annotated[int, Field(ge=0, le=65_535)]
# Without a user and a password in it: it is shown.
HttpUrl = Annotated[str, Field(pattern=r"^https?://[^@]+$")]
TopicName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,249}$")]


class SettingsError(Exception):
    """One or more settings are wrong; the message has a line for each."""


def _parse_field_map(value: object) -> object:
    """`text=body,rating=stars` as a mapping."""
    if not isinstance(value, str):
        return value
    pairs = [pair.partition("=") for pair in value.split(",") if pair.strip()]
    return {name.strip(): other.strip() for name, _, other in pairs}


def _check_field_map(value: Mapping[str, str]) -> Mapping[str, str]:
    for name, other in value.items():
        if name not in FIELDS or not other:
            raise ValueError(
                f"expected OURS=THEIRS,… with OURS one of {', '.join(FIELDS)}, got {name}={other}"
            )
    names = [value.get(field, field) for field in FIELDS]
    if len(set(names)) < len(names):
        raise ValueError(f"expected a different name for each field, got {', '.join(names)}")
    return value


FieldMap = Annotated[
    Mapping[str, str], NoDecode, BeforeValidator(_parse_field_map), AfterValidator(_check_field_map)
]


class Settings(BaseSettings):
    """All settings of the stream. Field names are the environment's, without the prefix, in lower case."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    bootstrap_servers: str = "localhost:9092"
    group_id: Annotated[str, Field(min_length=1)] = "review-sentiment"
    group_instance_id: str | None = None
    input_topic: TopicName = "reviews.raw"
    result_topic: TopicName = "reviews.sentiment"
    dlq_topic: TopicName = "reviews.raw.dlq"
    model_path: Path | None = None
    thresholds: Literal["seed", "inherited", "human"] = "inherited"
    processing_guarantee: Literal["at_least_once", "exactly_once"] = "at_least_once"
    max_batch: Annotated[int, Field(ge=1, le=10_000)] = 512
    max_in_flight: Annotated[int, Field(ge=1, le=1_000)] = 16
    commit_interval_s: Annotated[float, Field(gt=0, le=60)] = 0.5
    session_timeout_s: Annotated[float, Field(ge=6, le=300)] = 10
    drain_timeout_s: Annotated[float, Field(gt=0, le=300)] = 9  # with the rest of a stop below 10
    dlq_breaker_share: Annotated[float, Field(ge=0, le=1)] = 0.2
    max_text_chars: Annotated[int, Field(ge=1)] = 20_000
    include_text: bool = True
    field_map: FieldMap = {}
    http_host: str = "127.0.0.1"
    http_port: Port = 9464
    api_host: str = "127.0.0.1"
    api_port: Port = 8080
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] | None = None
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] | None = None
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    sasl_oauth_token_url: HttpUrl | None = None
    sasl_oauth_scope: str | None = None
    ssl_ca_file: Path | None = None
    ssl_cert_file: Path | None = None
    ssl_key_file: Path | None = None
    ssl_key_password: SecretStr | None = None
    schema_registry_url: HttpUrl | None = None
    schema_registry_username: str | None = None
    schema_registry_password: SecretStr | None = None
    tracing: bool = False
    compression: Literal["none", "gzip"] = "none"

    @model_validator(mode="after")
    def _check_topics(self) -> "Settings":
        topics = [self.input_topic, self.result_topic, self.dlq_topic]
        if len(set(topics)) < len(topics):
            raise ValueError(
                f"INPUT_TOPIC, RESULT_TOPIC and DLQ_TOPIC: expected three different topics, got {topics}"
            )
        return self

    @model_validator(mode="after")
    def _check_sasl(self) -> "Settings":
        given = (self.sasl_mechanism, self.sasl_username, self.sasl_password)
        if self.security_protocol.startswith("SASL") and None in given:
            raise ValueError(
                f"SASL_MECHANISM, SASL_USERNAME, SASL_PASSWORD: expected all three with "
                f"SECURITY_PROTOCOL={self.security_protocol}"
            )
        if self.sasl_mechanism == "OAUTHBEARER" and self.sasl_oauth_token_url is None:
            raise ValueError("SASL_OAUTH_TOKEN_URL: expected one with SASL_MECHANISM=OAUTHBEARER")
        return self

    def connection(self) -> Connection:
        """The part that says how to reach Kafka."""
        values = {field.name: getattr(self, field.name) for field in fields(Connection)}
        secrets = {
            name: value.get_secret_value()
            for name, value in values.items()
            if hasattr(value, "get_secret_value")
        }
        return Connection(**values | secrets)

    def schema_registry(self) -> SchemaRegistry | None:
        """The schema registry, where one is set."""
        if self.schema_registry_url is None:
            return None
        password = self.schema_registry_password
        secret = None if password is None else password.get_secret_value()
        return SchemaRegistry(self.schema_registry_url, self.schema_registry_username, secret)


def load_settings(**overrides: Any) -> Settings:  # noqa: ANN401 - each field checks its own
    """The settings of the environment, with the given ones in their place (None: not given).

    Raises:
        SettingsError: names each wrong setting, what it got and what it expects.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = [_explain(problem) for problem in error.errors(include_url=False)]
        raise SettingsError("\n".join(lines)) from None


def _explain(problem: Mapping[str, Any]) -> str:
    name = problem["loc"][0] if problem["loc"] else None
    if name is None:
        return f"{PREFIX}{problem['msg'].removeprefix('Value error, ')}"
    got = "" if "password" in str(name) else f" got {problem['input']!r}:"
    return f"{PREFIX}{str(name).upper()}:{got} {problem['msg'].removeprefix('Value error, ')}"
