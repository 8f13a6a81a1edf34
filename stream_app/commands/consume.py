"""`stream-app consume`: the results topic to standard output."""

import sys
from collections.abc import Iterable
from itertools import islice
from typing import Literal

import msgspec
from rich.console import Console
from rich.text import Text

from stream_app.core.messages import ReviewResult, decode_result
from stream_app.core.wire_format import unframed
from stream_app.exit_codes import ExitCode
from stream_app.kafka.reader import RawRecord, follow, read
from stream_app.settings import Settings

COLOURS = {"negative": "red", "neutral": "yellow", "positive": "green"}


def consume_results(
    settings: Settings, *, from_beginning: bool, follow_on: bool, limit: int | None, as_json: bool
) -> ExitCode:
    """Print results until the end of the topic, or endlessly.

    Raises:
        KafkaRequestError: of the kind that says what is wrong.
    """
    connection, topic = settings.connection(), settings.result_topic
    start: Literal["earliest", "latest"] = "earliest" if from_beginning or not follow_on else "latest"
    records = follow(connection, topic, start) if follow_on else read(connection, topic, start)
    chosen = islice(records, limit)
    return _print_json(chosen) if as_json else _print_lines(chosen)


def _print_json(records: Iterable[RawRecord]) -> ExitCode:
    """The values as they are, one a line, without what Confluent's wire format puts before them."""
    for record in records:
        sys.stdout.buffer.write(unframed(record.value or b"null") + b"\n")
        sys.stdout.buffer.flush()
    return ExitCode.DONE


def _print_lines(records: Iterable[RawRecord]) -> ExitCode:
    console, code = Console(soft_wrap=True), ExitCode.DONE
    for record in records:
        try:
            console.print(coloured(decode_result(record.value or b"")))
        except msgspec.DecodeError as error:
            place = f"{record.topic}-{record.partition}-{record.offset}"
            sys.stderr.write(f"stream-app: {place} is not a result: {error}\n")
            code = ExitCode.INPUT_WRONG
    return code


def coloured(result: ReviewResult) -> Text:
    """A result as one line: label, score, id, and its sentences in the colours of their labels."""
    line = Text(f"{result.label:8} {result.score:.2f}  {result.review_id}  ", style=COLOURS[result.label])
    for sentence in result.sentences:
        text = f"[{sentence.label}]" if sentence.text is msgspec.UNSET else sentence.text
        line.append(" ".join(text.split()) + " ", style=COLOURS[sentence.label])
    return line
