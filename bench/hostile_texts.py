"""`python -m bench.hostile_texts`: what a megabyte of bytes costs at worst, beside ordinary text.

Each text is one unit over and over, with the limit of the text's length lifted. "twice" is the time for twice
the length: 2 when the work is linear. "ordinary" is the time beside that of ordinary text of the same length.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.core_alone import CoreRecord
from stream_app.bundled import bundled
from stream_app.core.messages import ReviewDecoder
from stream_app.core.pipeline import Rules, classify
from stream_app.core.scoring import Model
from stream_app.core.sentences import boundaries
from stream_app.model_store import load_model

MEGABYTE: Final = 1_000_000
LIFTED: Final = Rules(ReviewDecoder(max_text_chars=10 * MEGABYTE))
WITHIN_LIMITS: Final = Rules(max_result_bytes=MEGABYTE)
ORDINARY: Final = "ordinary"

UNITS: Final[Mapping[str, str]] = {
    ORDINARY: "The zip broke after a week. I sent it back! ",
    "300,000 sentences": "a! ",
    "one-letter initials": "a. ",
    "marks": "!",
    "marks and spaces": ". ",
    "ellipses": "…",
    "letters and stops": "a.a.a.",
    "quotes": '"',
    "closing quotes": '.")',
    "abbreviations": "etc. ",
    "titles of people": "Dr. ",
    "initials of countries": "U.S. ",
    "addresses": "www.x.com ",
    "spaces": "a" + " " * 50,
    "lines": "b\n",
    "lines of punctuation": ".\n",
    "list items": "1. X 2. Y ",
    "bullets": " \u2022",
    "emoticons": ":) ",
    "emoji": "\U0001f600",
    "joined emoji": "\U0001f468\u200d",
    "combining marks": "e\u0301\u0323",
    "negations": "not don't ",
    "null characters": "\0",
}

VALUES: Final[Mapping[str, bytes]] = {
    "nested lists": b'{"text": "a", "other": ' + b"[" * MEGABYTE,
    "nested objects": b'{"a":' * (MEGABYTE // 5),
    "a long title": b'{"text": "a.", "title": "' + b"x" * MEGABYTE + b'"}',
    "many members": b"{" + b'"other":1,' * (MEGABYTE // 10) + b'"text":"a."}',
    "one member again and again": b"{" + b'"text":"a.",' * (MEGABYTE // 12) + b'"text":"a."}',
    "a long number": b'{"text": "a.", "rating": ' + b"9" * MEGABYTE + b"}",
    "escapes": b'{"text": "' + rb"\u0061" * (MEGABYTE // 6) + b'"}',
    "a list of lists for a text": b'{"text": [' + b"[]," * (MEGABYTE // 3) + b"1]}",
    "an object for a text": b'{"text": {' + b'"a":1,' * (MEGABYTE // 6) + b'"b":1}}',
    "no UTF-8": b"\xff" * MEGABYTE,
    "quotes": b'"' * MEGABYTE,
    "white space": b" " * MEGABYTE,
}


def text_of(unit: str, size: int) -> str:
    """The unit over and over, to about so many bytes, with one letter at the end."""
    return unit * (size // len(unit.encode())) + "x"


def review_of(text: str) -> bytes:
    """A record's value with this text."""
    return json.dumps({"text": text}, ensure_ascii=False).encode()


def classify_one(value: bytes, model: Model, rules: Rules) -> None:
    """One record through the whole of the core."""
    classify([CoreRecord("reviews.raw", 0, 0, 0, None, value)], model, rules)


def _ms(work: Callable[[], object]) -> float:
    """The shortest of three, by the CPU's clock, so that a busy machine shows little."""
    times = []
    for _ in range(3):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times) * 1000


def _split_ms(unit: str, size: int) -> float:
    text = text_of(unit, size)
    return _ms(lambda: boundaries(text))


def _all_ms(unit: str, size: int, model: Model) -> float:
    value = review_of(text_of(unit, size))
    return _ms(lambda: classify_one(value, model, LIFTED))


def _texts(model: Model) -> Table:
    table = Table("text, 1 MB", "split, ms", "twice", "ordinary", "all four stages, ms", "twice", "ordinary")
    ordinary = UNITS[ORDINARY]
    usual = _split_ms(ordinary, MEGABYTE), _all_ms(ordinary, MEGABYTE, model)
    for name, unit in UNITS.items():
        row = [name]
        split = _split_ms(unit, MEGABYTE), _split_ms(unit, 2 * MEGABYTE)
        whole = _all_ms(unit, MEGABYTE, model), _all_ms(unit, 2 * MEGABYTE, model)
        for (once, double), beside in zip((split, whole), usual, strict=True):
            row += [f"{once:.0f}", f"{double / once:.1f}", f"{once / beside:.1f}"]
        table.add_row(*row)
    return table


def _values(model: Model) -> Table:
    table = Table("value, 1 MB, within the limits", "all four stages, ms")
    for name, value in VALUES.items():
        table.add_row(name, f"{_ms(lambda value=value: classify_one(value, model, WITHIN_LIMITS)):.1f}")  # type: ignore[misc] # a lambda's default has no type
    return table


def main() -> None:
    """Print both tables."""
    model = load_model(bundled("champion"), "inherited")
    console = Console(highlight=False, width=120)
    console.print(_texts(model))
    console.print(_values(model))


if __name__ == "__main__":
    main()
