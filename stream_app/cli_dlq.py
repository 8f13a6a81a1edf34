"""The command line of the dead letters."""
# ruff: noqa: PLC0415 - a command imports what it alone needs, so that `--help` is there at once

from pathlib import Path
from typing import Annotated

import typer

from stream_app.dead_letters import DeadLetterFilter, LetterPlace
from stream_app.filter_options import place_argument, time_option, with_filter
from stream_app.options import CONNECTION, with_settings
from stream_app.settings import Settings

app = typer.Typer(help="The dead letters: list, inspect, replay, purge.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
Place = Annotated[
    LetterPlace | None,
    typer.Argument(
        parser=place_argument,
        metavar="[PARTITION:OFFSET]",
        help="One letter, by its place in the dead-letter topic.",
        show_default=False,
    ),
]


@app.command("list")
@with_settings(*CONNECTION, "dlq_topic")
@with_filter
def dlq_list(
    settings: Settings,
    wanted: DeadLetterFilter,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 50,
    as_json: Json = False,
) -> None:
    """List the dead letters with their reasons, and count them."""
    from stream_app.commands.dlq import show_dead_letters

    show_dead_letters(settings, wanted, limit, as_json=as_json)


@app.command("inspect")
@with_settings(*CONNECTION, "dlq_topic")
@with_filter
def dlq_inspect(  # noqa: PLR0913, PLR0917 - each is an option of its own
    settings: Settings,
    wanted: DeadLetterFilter,
    place: Place = None,
    limit: Annotated[int, typer.Option(min=1, help="Without a place: so many, the newest.")] = 1,
    value_only: Annotated[
        bool, typer.Option("--value", help="The bytes of the value as they are, of one letter.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show all of a dead letter: why, where from, its headers, its key and its value, as text or hex."""
    from stream_app.commands.dlq_inspect import inspect_dead_letters, write_value

    if value_only:
        write_value(settings, place, wanted)
    else:
        inspect_dead_letters(settings, place, wanted, limit, as_json=as_json)


@app.command("replay")
@with_settings(*CONNECTION, "dlq_topic", "group_id")
@with_filter
def dlq_replay(  # noqa: PLR0913, PLR0917 - each is an option of its own
    settings: Settings,
    wanted: DeadLetterFilter,
    place: Place = None,
    to: Annotated[
        str | None, typer.Option(metavar="TOPIC", help="Default: the topic that each letter came from.")
    ] = None,
    value: Annotated[
        Path | None,
        typer.Option(help="With a place: a file whose bytes replace the value, so a letter repaired."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also what was replayed before.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done.")] = False,
    rate: Annotated[
        float | None, typer.Option(min=0.001, help="Letters per second; default: all at once.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Send dead letters back, each once; which are done is kept under the group GROUP_ID-dlq-replay."""
    from stream_app.commands.dlq_replay import replay
    from stream_app.dead_letter_replay import ReplayPlan

    plan = ReplayPlan(to, again, dry_run, rate)
    raise typer.Exit(replay(settings, place, wanted, value, plan, as_json=as_json))


@app.command("purge")
@with_settings(*CONNECTION, "dlq_topic")
def dlq_purge(
    settings: Settings,
    before: Annotated[
        int | None,
        typer.Option(parser=time_option, metavar="TIME", help="Those that became dead letters before then."),
    ] = None,
    up_to: Annotated[
        LetterPlace | None,
        typer.Option(
            parser=place_argument, metavar="PARTITION:OFFSET", help="Those of a partition before this offset."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Delete dead letters for good, up to a time or an offset."""
    from stream_app.commands.dlq_purge import purge

    if (before is None) == (up_to is None):
        raise typer.BadParameter("expected either --before or --up-to")
    purge(settings, before, up_to, ask=not yes, as_json=as_json)
