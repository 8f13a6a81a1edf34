import io
import json
import logging
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from stream_app.log_lines import LineWriter
from stream_app.logs import LIBRARIES, Sampler, configure, set_level, write_out

REVIEW_TEXT = "a review that nobody but its reader may see"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    libraries = {name: logging.getLogger(name).level for name in LIBRARIES}
    yield
    for handler in logging.root.handlers:
        if isinstance(handler, LineWriter):
            handler.close()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    for name, former in libraries.items():
        logging.getLogger(name).setLevel(former)
    logging.captureWarnings(False)
    structlog.reset_defaults()


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def written(stream: io.StringIO) -> str:
    write_out()
    return stream.getvalue()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written(stream).splitlines()]


def events(stream: io.StringIO) -> list[object]:
    return [line["event"] for line in lines(stream)]


def fail_with_a_review_at_hand() -> None:
    text = REVIEW_TEXT
    raise ValueError(f"{len(text)} characters")


def test_json_is_one_event_per_line_with_stable_keys(stream: io.StringIO) -> None:
    configure("info", "json", stream)
    log = structlog.get_logger("stream_app.worker")
    log.info("model_loaded", version="2026-01", sha256="ab", detail="two\nlines \udcff \x1b[31m")
    (line,) = lines(stream)
    assert list(line) == ["timestamp", "level", "event", "logger", "detail", "sha256", "version"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line["timestamp"])
    assert (line["level"], line["event"], line["logger"]) == ("info", "model_loaded", "stream_app.worker")
    assert line["detail"] == "two\nlines \udcff \x1b[31m"


def test_libraries_speak_in_the_same_form(stream: io.StringIO) -> None:
    configure("info", "json", stream)
    logging.getLogger("aiokafka.consumer").warning("Heartbeat of %s failed", "group-1")
    (line,) = lines(stream)
    assert list(line) == ["timestamp", "level", "event", "logger"]
    assert (line["level"], line["event"]) == ("warning", "Heartbeat of group-1 failed")
    assert line["logger"] == "aiokafka.consumer"


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("debug", ["ours debug", "ours info", "theirs info", "theirs warning"]),
        ("info", ["ours info", "theirs warning"]),
        ("warning", ["theirs warning"]),
        ("error", []),
    ],
)
@pytest.mark.parametrize("library", ["faust.transport", "mode.services", "aiokafka.cluster"])
def test_libraries_are_quieter_than_we(
    stream: io.StringIO, level: str, expected: list[str], library: str
) -> None:
    configure(level, "json", stream)
    ours, theirs = structlog.get_logger("stream_app.worker"), logging.getLogger(library)
    ours.debug("ours debug")
    ours.info("ours info")
    theirs.debug("theirs debug")
    theirs.info("theirs info")
    theirs.warning("theirs warning")
    assert events(stream) == expected


@pytest.mark.parametrize("library", ["aiokafka.producer", "numba.core.byteflow"])
def test_debug_lines_of_libraries_are_never_shown(stream: io.StringIO, library: str) -> None:
    configure("debug", "json", stream)
    logging.getLogger(library).debug("Sending %s", REVIEW_TEXT)
    assert events(stream) == []


def test_the_level_can_be_changed_at_run_time(stream: io.StringIO) -> None:
    configure("info", "json", stream)
    log = structlog.get_logger("stream_app.worker")
    log.debug("before")
    set_level("debug")
    log.debug("after")
    assert events(stream) == ["after"]


def test_a_wrong_level_is_told_with_the_settings_name() -> None:
    with pytest.raises(ValueError, match=r"STREAM_LOG_LEVEL: expected one of debug, .*, got 'loud'"):
        set_level("loud")


def test_an_exception_is_a_field_without_values_of_variables(stream: io.StringIO) -> None:
    configure("info", "json", stream)
    try:
        fail_with_a_review_at_hand()
    except ValueError:
        structlog.get_logger("stream_app.worker").exception("slice_failed")
        logging.getLogger("faust.app").exception("agent died")
    assert events(stream) == ["slice_failed", "agent died"]
    for line in lines(stream):
        (trace,) = line["exception"]
        assert (trace["exc_type"], trace["exc_value"]) == ("ValueError", "43 characters")
        assert trace["frames"][-1]["name"] == "fail_with_a_review_at_hand"
    assert REVIEW_TEXT not in written(stream)


def test_a_traceback_for_the_eyes_shows_no_values_of_variables() -> None:
    terminal = Terminal()
    configure("info", "console", terminal)
    try:
        fail_with_a_review_at_hand()
    except ValueError:
        structlog.get_logger("stream_app.worker").exception("slice_failed")
    assert "fail_with_a_review_at_hand" in written(terminal)
    assert "ValueError: 43 characters" in written(terminal)
    assert REVIEW_TEXT not in written(terminal)


def test_a_terminal_gets_colours_and_a_file_json(stream: io.StringIO) -> None:
    terminal = Terminal()
    configure("info", stream=terminal)
    structlog.get_logger().info("worker_started")
    configure("info", stream=stream)
    structlog.get_logger().info("worker_started")
    assert "\x1b[" in written(terminal)
    assert events(stream) == ["worker_started"]


def test_console_on_a_file_has_no_colours(stream: io.StringIO) -> None:
    configure("info", "console", stream)
    structlog.get_logger("stream_app.worker").info("worker_started", group="g")
    assert "worker_started" in written(stream)
    assert "\x1b" not in written(stream)


def test_a_field_cannot_drive_the_terminal() -> None:
    terminal = Terminal()
    configure("info", "console", terminal)
    structlog.get_logger().info("dead_letter", topic="\x1b]0;owned\x07")
    assert "\x1b]0;" not in written(terminal)


def test_a_second_configuration_replaces_the_first(stream: io.StringIO) -> None:
    former = io.StringIO()
    configure("info", "json", former)
    configure("info", "json", stream)
    structlog.get_logger().info("once")
    assert events(stream) == ["once"]
    assert events(former) == []


def test_a_warning_of_python_is_an_event_too(stream: io.StringIO) -> None:
    configure("info", "json", stream)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn_explicit("old", DeprecationWarning, "some.py", 3)
    (line,) = lines(stream)
    assert (line["logger"], line["level"]) == ("py.warnings", "warning")


def test_logs_go_to_stderr_and_never_to_stdout() -> None:
    program = (
        "import structlog; from stream_app.logs import configure; configure('info');"
        " structlog.get_logger('x').info('here')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert done.stdout == ""
    assert json.loads(done.stderr)["event"] == "here"


def test_a_sampler_lets_the_first_few_of_each_second_through() -> None:
    now = 10.0
    sampler = Sampler(lambda: now, per_second=2)
    assert [sampler.passes() for _ in range(5)] == [True, True, False, False, False]
    now = 10.9
    assert not sampler.passes()
    now = 11.0
    assert [sampler.passes() for _ in range(3)] == [True, True, False]


def test_a_sampler_tells_once_how_many_it_held_back() -> None:
    sampler = Sampler(lambda: 0.0, per_second=2)
    assert sampler.take_suppressed() == 0
    for _ in range(7):
        sampler.passes()
    assert sampler.take_suppressed() == 5
    assert sampler.take_suppressed() == 0


def test_the_last_lines_of_a_process_are_written() -> None:
    program = (
        "import structlog; from stream_app.logs import configure; configure('info', 'json')\n"
        "for number in range(500): structlog.get_logger('x').info('said', number=number)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert [json.loads(line)["number"] for line in done.stderr.splitlines()] == list(range(500))
