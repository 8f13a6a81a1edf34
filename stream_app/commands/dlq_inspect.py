"""`stream-app dlq inspect`: all of a dead letter, for a person or a program."""

import json
import sys
from dataclasses import asdict
from typing import Any, Final

import typer

from stream_app.dead_letter_reader import LetterNotFoundError, find_letter, newest_letters
from stream_app.dead_letters import DeadLetterFilter, Letter, LetterPlace, printable
from stream_app.settings import Settings
from stream_app.times import show_time

_HEX_ROW: Final = 16
_SHOWN_BYTES: Final = 4_096


def inspect_dead_letters(
    settings: Settings, place: LetterPlace | None, wanted: DeadLetterFilter, limit: int, *, as_json: bool
) -> None:
    """Show one letter, or the newest wanted ones.

    Raises:
        LetterNotFoundError, NotADeadLetterError: there is no dead letter at the place.
        KafkaRequestError: of the kind that says what is wrong.
    """
    for letter in _letters(settings, place, wanted, limit):
        typer.echo(json.dumps(_fields(letter)) if as_json else describe(letter))


def write_value(settings: Settings, place: LetterPlace | None, wanted: DeadLetterFilter) -> None:
    """Write the bytes of one letter's value to standard output.

    Raises:
        LetterNotFoundError: there is no such letter, or it has no value.
        NotADeadLetterError: the record at the place is none.
        KafkaRequestError: of the kind that says what is wrong.
    """
    for record, view in _letters(settings, place, wanted, limit=1):
        if record.value is None:
            raise LetterNotFoundError(f"the letter at {view.place} has a null value")
        sys.stdout.buffer.write(record.value)
        sys.stdout.buffer.flush()


def _letters(
    settings: Settings, place: LetterPlace | None, wanted: DeadLetterFilter, limit: int
) -> list[Letter]:
    connection, topic = settings.connection(), settings.dlq_topic
    if place is not None:
        return [find_letter(connection, topic, place)]
    if letters := newest_letters(connection, topic, wanted, limit):
        return letters
    raise LetterNotFoundError(f"topic {topic} holds no such dead letter")


def _fields(letter: Letter) -> dict[str, Any]:
    record, view = letter
    headers = [{"name": name, **_bytes(value)} for name, value in record.headers]
    return asdict(view) | {"key": _bytes(record.key), "value": _bytes(record.value), "headers": headers}


def _bytes(value: bytes | None) -> dict[str, str | None]:
    """The bytes for a program: as text where they are UTF-8, else in hex; null where there are none."""
    try:
        return {"text": None if value is None else value.decode()}
    except UnicodeDecodeError:
        return {"hex": (value or b"").hex()}


def describe(letter: Letter) -> str:
    """The letter for a person, in lines that are safe to show on a terminal."""
    record, view = letter
    rows = {
        "reason": view.reason,
        "what was wrong": printable(view.error_message.encode(), _SHOWN_BYTES),
        "error": f"{view.error_class}, in stage {view.stage}",
        "came from": view.source,
        "dead since": show_time(view.timestamp_ms),
        "replayed from": view.replayed_from,
        "key": _line(record.key),
    }
    lines = [f"dead letter {view.place} in {record.topic}"]
    lines += [f"  {name:15}{value}" for name, value in rows.items() if value is not None]
    lines += ["headers", *(f"  {printable(name.encode())}: {_line(value)}" for name, value in record.headers)]
    return "\n".join([*lines, *_value_lines(letter), ""])


def _line(value: bytes | None) -> str:
    return "null" if value is None else f'"{printable(value, _SHOWN_BYTES)}"'


def _value_lines(letter: Letter) -> list[str]:
    value = letter.record.value
    if value is None:
        omitted = letter.view.value_omitted
        return ["value: not there, it was too large for the dead-letter topic" if omitted else "value: null"]
    shown = value[:_SHOWN_BYTES]
    more = f", of which {_SHOWN_BYTES} are shown" if len(value) > _SHOWN_BYTES else ""
    try:
        value.decode()
    except UnicodeDecodeError:
        return [f"value, {len(value)} bytes that are not UTF-8{more}", *hex_rows(shown)]
    text = shown.decode(errors="ignore")  # the cut may go through a character
    return [f"value, {len(value)} bytes of UTF-8{more}", f"  {printable(text.encode(), _SHOWN_BYTES)}"]


def hex_rows(value: bytes) -> list[str]:
    """The bytes as `hexdump -C` shows them: offset, hex, and what of it is ASCII."""
    rows = []
    for start in range(0, len(value), _HEX_ROW):
        row = value[start : start + _HEX_ROW]
        ascii_only = "".join(chr(byte) if chr(byte).isprintable() and byte < 127 else "." for byte in row)  # noqa: PLR2004 - the last ASCII character is no glyph
        rows.append(f"  {start:08x}  {row.hex(' '):{3 * _HEX_ROW - 1}}  |{ascii_only}|")
    return rows
