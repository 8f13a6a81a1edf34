"""Loops over arrays as machine code, compiled once and kept on disk."""

from collections.abc import Callable
from typing import Any, Final

from numba import njit, types
from numba.core.caching import InTreeCacheLocator

# Arrays that a loop only reads.
Bytes: Final = types.Array(types.uint8, 1, "C", readonly=True)
Hashes: Final = types.Array(types.uint64, 1, "C", readonly=True)


class ShippedCacheLocator(InTreeCacheLocator):
    """Machine code that was put beside the source when an image was built, on a root that is read-only.

    numba itself reads a cache only where it may write to one. NUMBA_CACHE_LOCATOR_CLASSES names this class.
    """

    def ensure_cache_path(self) -> None:
        """Nothing: what is not there is compiled."""


def compiled(loop: Callable[..., None], *arguments: Any) -> Callable[..., None]:  # noqa: ANN401 - numba types
    """The loop as machine code for arguments of these numba types, kept on disk where that is possible.

    numba refuses to compile with a cache when it may not write to one, as on a read-only root.
    """
    signature = types.void(*arguments)
    try:
        function = njit(signature, nogil=True, cache=True)(loop)
    except (RuntimeError, OSError):
        function = njit(signature, nogil=True)(loop)
    return function  # type: ignore[no-any-return]
