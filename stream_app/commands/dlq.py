"""`stream-app dlq`: list the dead letters."""

import json
from dataclasses import asdict
from datetime import UTC, datetime

import typer
from rich.console import Console
from rich.table import Table

from stream_app.dead_letters import DeadLetterFilter, DeadLetterList, list_dead_letters
from stream_app.settings import Settings


def show_dead_letters(settings: Settings, wanted: DeadLetterFilter, limit: int, *, as_json: bool) -> None:
    """The newest dead letters, and how many there are of each reason.

    Raises:
        KafkaRequestError: of the kind that says what is wrong.
    """
    found = list_dead_letters(settings.connection(), settings.dlq_topic, wanted, limit)
    if as_json:
        for letter in found.letters:
            typer.echo(json.dumps(asdict(letter)))
        return
    Console().print(_table(found))
    counts = ", ".join(f"{reason} {count}" for reason, count in found.counts.items()) or "none"
    typer.echo(f"dead letters: {counts}", err=True)
    if found.strangers:
        typer.echo(f"records that are no dead letters: {found.strangers}", err=True)


def _table(found: DeadLetterList) -> Table:
    table = Table("when", "where from", "reason", "what was wrong", "value", box=None)
    for letter in found.letters:
        when = datetime.fromtimestamp(letter.timestamp_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        place = f"{letter.topic}-{letter.partition}-{letter.offset}"
        table.add_row(when, place, letter.reason, letter.error_message, letter.value_preview)
    return table
