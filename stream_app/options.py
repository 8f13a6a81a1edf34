"""Settings as options of a command: each setting that a command uses can be given on its line as well."""

import functools
import inspect
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import typer

from stream_app.settings import PREFIX, Settings, load_settings


class Engine(StrEnum):
    """What runs a broker for development."""

    LOCAL = "local"
    DOCKER = "docker"


Command = TypeVar("Command", bound=Callable[..., Any])

# Passwords come from the environment alone: a command line is there for all to read.
CONNECTION = (
    "bootstrap_servers",
    "security_protocol",
    "sasl_mechanism",
    "sasl_username",
    "sasl_oauth_token_url",
    "sasl_oauth_scope",
    "ssl_ca_file",
    "ssl_cert_file",
    "ssl_key_file",
)
TOPICS = ("input_topic", "result_topic", "dlq_topic")
MODEL = ("model_path", "thresholds")
RULES = ("max_text_chars", "include_text", "field_map")
LOG = ("log_level", "log_format")
WORKER = (
    *CONNECTION,
    *TOPICS,
    *MODEL,
    *RULES,
    *LOG,
    "group_id",
    "group_instance_id",
    "processing_guarantee",
    "max_batch",
    "max_in_flight",
    "commit_interval_s",
    "session_timeout_s",
    "drain_timeout_s",
    "dlq_breaker_share",
    "http_host",
    "http_port",
    "compression",
    "tracing",
    "schema_registry_url",
    "schema_registry_username",
)
API = (
    *CONNECTION,
    "result_topic",
    *MODEL,
    "max_text_chars",
    "include_text",
    *LOG,
    "drain_timeout_s",
    "api_host",
    "api_port",
)


def with_settings(*names: str) -> Callable[[Command], Callable[..., Any]]:
    """Gives a command an option for each named setting, and the loaded settings as its first argument."""

    def decorate(command: Command) -> Callable[..., Any]:
        @functools.wraps(command)
        def run(**arguments: Any) -> Any:  # noqa: ANN401 - whatever the command takes and gives
            settings = load_settings(**{name: arguments.pop(name) for name in names})
            return command(settings, **arguments)

        own = list(inspect.signature(command).parameters.values())[1:]
        options = [_option(name) for name in names]
        parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*own, *options)]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        return run

    return decorate


def _option(name: str) -> inspect.Parameter:
    field = Settings.model_fields[name]
    default = field.get_default()
    shown = "none" if default is None or default == {} else default
    option = typer.Option(
        f"--{name.replace('_', '-')}",
        help=f"{PREFIX}{name.upper()}, default {shown}.",
        show_default=False,
        rich_help_panel="Settings",
        metavar="VALUE",
    )
    annotation = Annotated[str | None, option]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
