"""What a long command says while it works."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

Announce = Callable[[str], None]


@contextmanager
def steps() -> Iterator[Announce]:
    """Each step with its time on stderr, and a spinner while it lasts."""
    console = Console(stderr=True)
    began = time.monotonic()
    with console.status("starting") as status:

        def announce(step: str) -> None:
            console.print(f"{time.monotonic() - began:6.1f} s  {step}", highlight=False, markup=False)
            status.update(escape(step))

        yield announce
