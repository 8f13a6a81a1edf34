"""A span for each slice of records, or nothing: what the worker sees of tracing."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

from stream_app.core.messages import Record
from stream_app.settings import Settings, SettingsError


class SliceSpan(Protocol):
    """The time from a slice's classification until the broker holds its outputs."""

    def classified(self, results: int, dead_letters: int, model_version: str) -> None:
        """The slice went through the core."""

    def published(self) -> None:
        """The broker holds all outputs: the span ends."""


class NoSpan:
    """Tracing is off."""

    def classified(self, results: int, dead_letters: int, model_version: str) -> None:
        """Nothing is kept."""

    def published(self) -> None:
        """Nothing is sent."""


Trace = Callable[[Sequence[Record]], SliceSpan]
_NO_SPAN: Final = NoSpan()


def no_trace(_records: Sequence[Record]) -> SliceSpan:
    """Tracing is off."""
    return _NO_SPAN


@contextmanager
def tracing(settings: Settings) -> Iterator[Trace]:
    """What begins a span, if the settings ask for tracing. Spans that wait are sent when the block ends.

    Raises:
        SettingsError: the packages of the extra `tracing` are not there.
    """
    if not settings.tracing:
        yield no_trace
        return
    try:
        from stream_app.spans import SpanExport  # noqa: PLC0415 - of an extra, and off by default
    except ModuleNotFoundError as error:
        message = f"STREAM_TRACING: needs the extra `tracing` of this package: {error}"
        raise SettingsError(message) from error
    export = SpanExport(settings.group_id, settings.max_batch)
    try:
        yield export.begin
    finally:
        export.close()
