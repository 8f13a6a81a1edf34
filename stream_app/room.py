"""How much may wait for the broker at once."""

import asyncio


class Room:
    """Counts what waits; full, it lets nobody in until some has left.

    Who has been let in brings as much as it has: it may overflow by one slice.

    Args:
        slices: so many full ones may wait, or more that are not full.
    """

    def __init__(self, slices: float) -> None:
        self._left = slices
        self._is_free = asyncio.Event()
        self._is_free.set()

    async def free(self) -> None:
        """Wait until there is room."""
        await self._is_free.wait()

    def take(self, slices: float) -> None:
        """So many wait from now on."""
        self._change(-slices)

    def give_back(self, slices: float) -> None:
        """So many wait no more."""
        self._change(slices)

    def _change(self, by: float) -> None:
        self._left += by
        if self._left > 0:
            self._is_free.set()
        else:
            self._is_free.clear()
