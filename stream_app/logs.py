"""Logs: one event per line on stderr, as JSON or for a person's eyes.

Every line has `timestamp` (ISO 8601, UTC), `level`, `event` and `logger`, in JSON in this order; then come
the event's own fields, sorted by name. An event is a short name in snake case (`model_loaded`); what varies
is a field (docs/logs.md has them all):

    topic, partition, offset    where a record is
    trace_id, model             the trace that it belongs to, the version of the model that met it
    reason                      why it is a dead letter, as in the header `dlq.reason`
    detail                      what was wrong and what was expected, in words
    partitions                  their numbers, when the assignment changes
    version, sha256             of a model
    suppressed                  how many events of a kind were not logged
    exception                   what was not expected; in JSON a list of exc_type, exc_value, frames and more

The text of a review is in no field, and tracebacks are rendered without the values of variables, since a
review could be among them. What Faust, aiokafka and other libraries log goes the same way.
"""

import logging
import sys
from collections.abc import Callable, Mapping
from typing import Final, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from stream_app.log_lines import LineWriter

LogFormat = Literal["json", "console"]

LEVELS: Final[Mapping[str, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
# The transport says nothing itself: what is logged under its name is what Faust says of its own classes.
LIBRARIES: Final = (
    "stream_app.kafka.consumer",
    "stream_app.kafka.consumer_thread",
    "stream_app.kafka.transport",
    "faust",
    "mode",
    "aiokafka",
    "kafka",
    "confluent_kafka",
    "asyncio",
    "numba",
    "waitress",
    "opentelemetry",
    "py.warnings",
)
_FIRST_KEYS: Final = ("timestamp", "level", "event", "logger")


def configure(level: str, log_format: LogFormat | None = None, stream: TextIO | None = None) -> None:
    """Send the logs of the whole process, those of libraries too, to one stream.

    They are written by a thread of their own: a reader that does not take them holds up nobody.

    Args:
        level: one of LEVELS.
        log_format: None: console when the stream is a terminal, else json.
        stream: None: stderr.

    Raises:
        ValueError: no such level.
    """
    stream = stream or sys.stderr
    on_terminal = stream.isatty()
    as_json = log_format == "json" or (log_format is None and not on_terminal)
    render = _json() if as_json else _console(colors=on_terminal)
    for former in logging.root.handlers:
        if isinstance(former, LineWriter):
            former.close()
    handler = LineWriter(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
            foreign_pre_chain=_stamps(),
        )
    )
    logging.root.handlers[:] = [handler]
    logging.captureWarnings(True)
    structlog.configure(
        processors=[*_stamps(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    set_level(level)


def set_level(level: str) -> None:
    """Log from this level on, from now on. Libraries speak from `warning` on, and at `debug` from `info`.

    Their own debug lines are never wanted: those of aiokafka hold the records, text and all.

    Raises:
        ValueError: no such level.
    """
    if level not in LEVELS:
        raise ValueError(f"STREAM_LOG_LEVEL: expected one of {', '.join(LEVELS)}, got {level!r}")
    number = LEVELS[level]
    logging.root.setLevel(number)
    for library in LIBRARIES:
        logging.getLogger(library).setLevel(
            logging.INFO if number == logging.DEBUG else max(number, logging.WARNING)
        )


def write_out() -> None:
    """Wait until the lines so far are written, about a second at most: for an end without clean-up."""
    for handler in logging.root.handlers:
        handler.flush()


class Sampler:
    """Lets the first few events of each second through and counts the others. For one thread.

    Args:
        clock: seconds that never run backwards.
        per_second: how many pass.
    """

    def __init__(self, clock: Callable[[], float], per_second: int = 10) -> None:
        self._clock = clock
        self._per_second = per_second
        self._second_began = float("-inf")
        self._seen = 0
        self._suppressed = 0

    def passes(self) -> bool:
        """Whether to log the event at hand."""
        now = self._clock()
        if now - self._second_began >= 1:
            self._second_began, self._seen = now, 0
        self._seen += 1
        if self._seen <= self._per_second:
            return True
        self._suppressed += 1
        return False

    def take_suppressed(self) -> int:
        """How many events were not logged since this was last asked. To be asked about once a second."""
        suppressed, self._suppressed = self._suppressed, 0
        return suppressed


def _stamps() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _json() -> list[Processor]:
    frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [
        structlog.processors.ExceptionRenderer(frames),
        _in_order,
        structlog.processors.JSONRenderer(),
    ]


def _console(*, colors: bool) -> list[Processor]:
    return [
        structlog.dev.ConsoleRenderer(
            colors=colors,
            repr_native_str=True,  # a record's bytes must not drive the terminal
            exception_formatter=structlog.dev.plain_traceback,
        )
    ]


def _in_order(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    first = {key: event.pop(key) for key in _FIRST_KEYS if key in event}
    return first | dict(sorted(event.items()))
