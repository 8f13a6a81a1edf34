"""What the demo shows while it runs and at its end."""

import time
from collections import deque
from typing import NamedTuple, Self

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from stream_app.account import Verdict
from stream_app.commands.consume import coloured
from stream_app.core.messages import ReviewResult

_LAST_RESULTS = 8
_LINE_EVERY_S = 1.0


class Summary(NamedTuple):
    """The last line of the demo, as JSON."""

    reviews: int
    results: int
    dead_letters: int
    lost: int
    duplicates: int
    p50_ms: float
    p99_ms: float
    reviews_per_s: float


class Progress:
    """What was seen so far: counts, the latest results, and how long each took from its creation."""

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.results = 0
        self.dead_letters = 0
        self._latencies_ms: list[float] = []
        self._latest: deque[ReviewResult] = deque(maxlen=_LAST_RESULTS)
        self._first_at: float | None = None
        self._last_at = 0.0

    @property
    def done(self) -> int:
        """Outputs seen."""
        return self.results + self.dead_letters

    def result(self, result: ReviewResult) -> None:
        """A result was read just now."""
        self.results += 1
        self._latest.append(result)
        if result.source:
            self._latencies_ms.append(time.time() * 1000 - result.source.timestamp_ms)
        self._seen()

    def dead_letter(self) -> None:
        """A dead letter was read just now."""
        self.dead_letters += 1
        self._seen()

    def _seen(self) -> None:
        self._last_at = time.monotonic()
        self._first_at = self._first_at or self._last_at

    @property
    def rate(self) -> float:
        """Outputs per second between the first and the last."""
        seconds = self._last_at - (self._first_at or 0.0)
        return self.done / seconds if self.done > 1 and seconds > 0 else 0.0

    def percentile_ms(self, percent: float) -> float:
        """A percentile of the latency in ms; 0 before the first result."""
        return float(np.percentile(self._latencies_ms, percent)) if self._latencies_ms else 0.0

    def line(self) -> str:
        """All in one line."""
        counts = f"{self.results} results, {self.dead_letters} dead letters, {self.rate:.0f}/s"
        latency = f"p50 {self.percentile_ms(50):.1f} ms, p99 {self.percentile_ms(99):.1f} ms"
        return f"{self.done}/{self.expected} reviews: {counts}, latency {latency}"

    def render(self) -> RenderableType:
        """The latest results over the counts."""
        lines = [coloured(result) for result in self._latest]
        for line in lines:
            line.truncate(200, overflow="ellipsis")
        return Group(*lines, Text(self.line(), style="bold"))

    def summary(self, verdict: Verdict) -> Summary:
        """The figures of the end."""
        return Summary(
            reviews=verdict.reviews,
            results=verdict.results,
            dead_letters=verdict.dead_letters,
            lost=verdict.lost,
            duplicates=verdict.duplicates,
            p50_ms=round(self.percentile_ms(50), 1),
            p99_ms=round(self.percentile_ms(99), 1),
            reviews_per_s=round(self.rate, 1),
        )


class View:
    """Progress on the screen: a live picture on a terminal, a line a second elsewhere."""

    def __init__(self, console: Console, progress: Progress) -> None:
        self._console = console
        self._progress = progress
        self._live = Live(console=console, refresh_per_second=8) if console.is_terminal else None
        self._line_at = time.monotonic()

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.update(final=True)
        if self._live:
            self._live.stop()

    def update(self, *, final: bool = False) -> None:
        """Show how far it is."""
        if self._live:
            self._live.update(self._progress.render())
        elif final or time.monotonic() - self._line_at > _LINE_EVERY_S:
            self._line_at = time.monotonic()
            self._console.print(self._progress.line())


def show_summary(console: Console, summary: Summary) -> None:
    """The figures as a table."""
    table = Table("", "", box=None, show_header=False)
    words = {
        "reviews": "reviews fed",
        "results": "results",
        "dead_letters": "dead letters",
        "lost": "lost",
        "duplicates": "duplicates",
        "p50_ms": "latency p50, ms",
        "p99_ms": "latency p99, ms",
        "reviews_per_s": "reviews per second",
    }
    for name, value in summary._asdict().items():
        table.add_row(words[name], str(value))
    console.print(table)
