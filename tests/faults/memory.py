"""How much a process grows."""

import threading
from typing import Final, Self

import psutil

_SAMPLED_EVERY_S: Final = 0.2


class PeakMemory:
    """Samples the resident memory of a process while the block runs.

    Args:
        pid: of the process; its memory now is what it is compared with.
    """

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self.before_mb = self.peak_mb = self._resident_mb()
        self._done = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)

    @property
    def grown_mb(self) -> float:
        """The peak of the block less what was there before."""
        return self.peak_mb - self.before_mb

    def __enter__(self) -> Self:
        self._sampler.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._sampler.join()

    def _sample(self) -> None:
        while not self._done.wait(_SAMPLED_EVERY_S):
            try:
                self.peak_mb = max(self.peak_mb, self._resident_mb())
            except psutil.NoSuchProcess:
                return

    def _resident_mb(self) -> float:
        return float(self._process.memory_info().rss) / 1e6
