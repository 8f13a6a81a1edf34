"""`stream-app dlq replay`: dead letters back to a topic."""

import json
from dataclasses import asdict
from pathlib import Path

import typer
from rich.console import Console

from stream_app.dead_letter_reader import find_letter
from stream_app.dead_letter_replay import DeadLetterReplay, ReplayCount, ReplayPlan, ReplayWatch, Skipped
from stream_app.dead_letters import DeadLetterFilter, LetterPlace
from stream_app.exit_codes import ExitCode
from stream_app.settings import Settings


def replay(  # noqa: PLR0913 - each is an option of the command
    settings: Settings,
    place: LetterPlace | None,
    wanted: DeadLetterFilter,
    value: Path | None,
    plan: ReplayPlan,
    *,
    as_json: bool,
) -> ExitCode:
    """Replay one letter or the wanted ones; 1 when some cannot be replayed.

    Raises:
        LetterNotFoundError, NotADeadLetterError: there is no dead letter at the place.
        KafkaRequestError: of the kind that says what is wrong.
        OSError: the file of the value cannot be read.
    """
    if place is None and value is not None:
        raise typer.BadParameter("--value replaces the value of one letter: expected its PARTITION:OFFSET")
    repaired = None if value is None else value.read_bytes()
    connection, group = settings.connection(), f"{settings.group_id}-dlq-replay"
    console = Console(stderr=True)
    with console.status("replaying") as status:
        watch = ReplayWatch(_complain, lambda count: status.update(_progress(count)))
        with DeadLetterReplay(connection, settings.dlq_topic, group, plan, watch) as run:
            if place is None:
                count = run.run(wanted)
            else:
                count = run.run_one(find_letter(connection, settings.dlq_topic, place), repaired)
    if as_json:
        typer.echo(json.dumps(asdict(count) | {"dry_run": plan.dry_run}))
    else:
        console.print(_summary(count, plan), markup=False, highlight=False)
    return ExitCode.INPUT_WRONG if count.skipped else ExitCode.DONE


def _complain(skipped: Skipped) -> None:
    typer.echo(f"stream-app: letter {skipped.place} is not replayed: {skipped.why}", err=True)


def _progress(count: ReplayCount) -> str:
    rate = count.replayed / count.seconds if count.seconds else 0
    return f"{count.read} read, {count.replayed} replayed, {rate:.0f}/s"


def _summary(count: ReplayCount, plan: ReplayPlan) -> str:
    verb = "would be replayed" if plan.dry_run else "replayed"
    topics = ", ".join(f"{number} to {topic}" for topic, number in count.by_topic.items())
    reasons = ", ".join(f"{reason} {number}" for reason, number in count.by_reason.items())
    what = f" ({topics}; {reasons})" if count.replayed else ""
    before = f", {count.before} were replayed before" if count.before else ""
    return f"{count.replayed} {verb}{what}{before}, {count.skipped} cannot be replayed"
