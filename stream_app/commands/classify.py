"""`stream-app classify`: reviews from a file or standard input, results to standard output, no Kafka."""

import gzip
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

from stream_app.commands.classifier import model_folder, rules_of
from stream_app.core.identity import local_identities
from stream_app.core.isolation import classify_isolating
from stream_app.core.messages import DeadLetter, Headers
from stream_app.exit_codes import ExitCode
from stream_app.model_store import load_model
from stream_app.settings import Settings

_SLICE = 256


class Line(NamedTuple):
    """A line of the input in the place of a record; its offset is the line's number, from 1 on."""

    value: bytes
    offset: int
    topic: str = "line"
    partition: int = 0
    timestamp: int = 0
    key: None = None
    headers: Headers = ()


def classify_lines(settings: Settings, path: Path) -> ExitCode:
    """Results in the order of the lines; what cannot be classified goes to stderr, with its line's number.

    Raises:
        ModelError: the model must not be used.
        OSError: the file cannot be read.
    """
    model = load_model(model_folder(settings), settings.thresholds)
    rules = replace(rules_of(settings), identify=local_identities)
    all_good = True
    with _opened(path) as lines:
        for records in _slices(lines):
            for outcome in classify_isolating(records, model, rules):
                for letter in outcome.dead_letters:
                    sys.stderr.write(_complaint(letter))
                    all_good = False
                for output in outcome.results:
                    sys.stdout.buffer.write((output.value or b"") + b"\n")
            sys.stdout.buffer.flush()
    return ExitCode.DONE if all_good else ExitCode.INPUT_WRONG


def _complaint(letter: DeadLetter) -> str:
    complaint = {"line": letter.record.offset, "reason": letter.reason, "detail": str(letter.error)}
    return json.dumps(complaint) + "\n"


def _opened(path: Path) -> "IO[bytes] | gzip.GzipFile | nullcontext[IO[bytes]]":
    if str(path) == "-":
        return nullcontext(sys.stdin.buffer)
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def _slices(lines: Iterable[bytes]) -> Iterator[list[Line]]:
    numbered = (Line(line.rstrip(b"\r\n"), number) for number, line in enumerate(lines, 1) if line.strip())
    while records := list(islice(numbered, _SLICE)):
        yield records
