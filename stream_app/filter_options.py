"""The options that choose dead letters, the same for each command that works with them."""

import functools
import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import typer

from stream_app.core.errors import Reason
from stream_app.dead_letters import DeadLetterFilter, LetterPlace
from stream_app.times import parse_time

Command = TypeVar("Command", bound=Callable[..., Any])


def time_option(text: str) -> int:
    """The value of an option that is a time, in ms since the epoch."""
    try:
        return parse_time(text, datetime.now(UTC))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def place_argument(text: str) -> LetterPlace:
    """An argument that says where a dead letter lies."""
    partition, _, offset = text.partition(":")
    if not (partition.isdecimal() and offset.isdecimal()):
        raise typer.BadParameter(f"{text!r}: expected PARTITION:OFFSET, as `dlq list` shows it")
    return LetterPlace(int(partition), int(offset))


_OPTIONS = {
    "reason": Annotated[Reason | None, typer.Option(help="Only this reason.")],
    "partition": Annotated[int | None, typer.Option(help="Only from this partition of the input.")],
    "key": Annotated[str | None, typer.Option(help="Only under this key (UTF-8).")],
    "since": Annotated[
        int | None,
        typer.Option(
            parser=time_option, metavar="TIME", help="Only from then on: 2026-11-24T08:30 (UTC) or 2h (ago)."
        ),
    ],
    "until": Annotated[
        int | None, typer.Option(parser=time_option, metavar="TIME", help="Only from before then.")
    ],
}


def with_filter(command: Command) -> Callable[..., Any]:
    """Gives a command options that choose dead letters, and the filter as its second argument."""

    @functools.wraps(command)
    def run(settings: Any, **arguments: Any) -> Any:  # noqa: ANN401 - whatever the command takes and gives
        chosen = {name: arguments.pop(name) for name in _OPTIONS}
        key = chosen["key"]
        wanted = DeadLetterFilter(
            reason=chosen["reason"],
            partition=chosen["partition"],
            since_ms=chosen["since"],
            until_ms=chosen["until"],
            key=None if key is None else key.encode(),
        )
        return command(settings, wanted, **arguments)

    first, _, *own = inspect.signature(command).parameters.values()
    keyword = inspect.Parameter.KEYWORD_ONLY
    options = [inspect.Parameter(name, keyword, default=None, annotation=o) for name, o in _OPTIONS.items()]
    parameters = [first, *(p.replace(kind=keyword) for p in own), *options]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return run
