"""`stream-app dlq list`: the dead letters as a table, with counts."""

import json
from dataclasses import asdict

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stream_app.dead_letter_reader import DeadLetterList, list_dead_letters
from stream_app.dead_letters import DeadLetterFilter
from stream_app.settings import Settings
from stream_app.times import show_time


def show_dead_letters(settings: Settings, wanted: DeadLetterFilter, limit: int, *, as_json: bool) -> None:
    """The newest dead letters, and how many there are of each reason.

    Raises:
        KafkaRequestError: of the kind that says what is wrong.
    """
    found = list_dead_letters(settings.connection(), settings.dlq_topic, wanted, limit)
    if as_json:
        for letter in found.letters:
            typer.echo(json.dumps(asdict(letter)))
    else:
        Console().print(_table(found))
    counts = ", ".join(f"{reason} {count}" for reason, count in found.counts.items()) or "none"
    typer.echo(f"dead letters: {counts}", err=True)
    if found.strangers:
        typer.echo(f"records that are no dead letters: {found.strangers}", err=True)


def _table(found: DeadLetterList) -> Table:
    table = Table("letter", "when", "where from", "reason", "what was wrong", "value", box=None)
    for letter in found.letters:
        when = show_time(letter.timestamp_ms)
        cells = (str(letter.place), when, letter.source, letter.reason, letter.error_message)
        table.add_row(*map(Text, cells), Text(letter.value_preview))  # Text: a record is no markup
    return table
