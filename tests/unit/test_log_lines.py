import json
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import structlog

from stream_app import log_lines
from stream_app.log_lines import LineWriter
from stream_app.logs import configure, write_out

FULL_DISK = Path("/dev/full")


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    for handler in logging.root.handlers:
        if isinstance(handler, LineWriter):
            handler.close()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


class Pipe(NamedTuple):
    """A pipe that is read when a test wants it."""

    read_end: int
    write_end: int

    def lines(self, count: int) -> list[dict[str, Any]]:
        """Lines until so many are there or told as lost."""
        content, told = b"", 0
        while told < count:
            content += os.read(self.read_end, 65_536)
            whole = content[: content.rfind(b"\n") + 1]
            lines = [json.loads(line) for line in whole.splitlines()]
            told = sum(line.get("suppressed", 1) for line in lines)
        return lines


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipe]:
    monkeypatch.setattr(log_lines, "LAST_LINES_S", 0.05)
    made = Pipe(*os.pipe())
    yield made
    for end in made:
        with suppress(OSError):
            os.close(end)


def log_to(descriptor: int) -> None:
    configure("info", "json", open(descriptor, "w", closefd=False))  # noqa: SIM115 - the thread writes on


def say(count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        structlog.get_logger("test").info("said", number=number, filling="x" * 200)


def test_a_pipe_that_nobody_reads_holds_up_nobody_and_what_is_lost_is_counted(pipe: Pipe) -> None:
    log_to(pipe.write_end)
    said = log_lines.MOST_LINES + 2_000  # a pipe holds some 200 of them
    say(said)
    write_out()  # returns
    lines = pipe.lines(said)
    kept = [line["number"] for line in lines if line["event"] == "said"]
    assert kept == sorted(kept)
    assert kept[:200] == list(range(200))
    reports = [line for line in lines if line["event"] == "log_lines_lost"]
    assert {report["level"] for report in reports} == {"warning"}
    assert sum(report["suppressed"] for report in reports) == said - len(kept) > 1_000
    say(1, start=said)
    assert pipe.lines(1)[-1]["number"] == said


def test_a_full_disk_loses_lines_and_nothing_else(tmp_path: Path) -> None:
    if not FULL_DISK.exists():
        pytest.skip("no /dev/full here")
    log_file = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    target = os.open(FULL_DISK, os.O_WRONLY)
    log_to(target)
    say(3)
    write_out()
    os.dup2(log_file, target)  # somebody makes room
    say(1, start=3)
    write_out()
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [(line["event"], line.get("number"), line.get("suppressed")) for line in lines] == [
        ("said", 3, None),
        ("log_lines_lost", None, 3),
    ]
    os.close(log_file)
    os.close(target)


def test_a_line_that_was_cut_off_ends_before_the_next(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (tmp_path / "log").open("w") as file:
        log_to(file.fileno())
        write, answers = os.write, iter((5, -1))

        def write_a_piece(descriptor: int, content: bytes) -> int:
            answer = next(answers, len(content))
            if answer < 0:
                raise OSError("no space left")
            return write(descriptor, content[:answer])

        monkeypatch.setattr(os, "write", write_a_piece)
        say(2)
        write_out()
    cut_off, whole, report = (tmp_path / "log").read_text().splitlines()
    assert cut_off == '{"tim'
    assert json.loads(whole)["number"] == 1
    assert json.loads(report)["suppressed"] == 1


def test_a_line_that_cannot_be_made_stops_nobody(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as file:
        log_to(file.fileno())
        logging.getLogger("test").warning("%d", "no number")
        say(1)
        write_out()
    assert json.loads((tmp_path / "log").read_text())["number"] == 0
    assert "TypeError" in capsys.readouterr().err
