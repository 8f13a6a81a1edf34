"""A sign of life from the threads that work beside the event loop."""

import asyncio
from collections.abc import Callable


class PoolBeat:
    """Has the running loop's thread pool call `beat`, when it is asked and a thread is free.

    Reloads of the model and the fetching of tokens run in that pool. When all its threads hang, `beat` is
    not called any more.
    """

    def __init__(self, beat: Callable[[], None]) -> None:
        self._beat = beat
        self._asked: asyncio.Future[None] | None = None

    def ask(self) -> None:
        """Ask for a beat, unless the one before is still awaited."""
        if self._asked is None or self._asked.done():
            self._asked = asyncio.get_running_loop().run_in_executor(None, self._beat)
