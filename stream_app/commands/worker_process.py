"""The worker as a process of its own, for the demo."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Final

from stream_app.kafka.broker_properties import free_port, port_is_taken
from stream_app.settings import PREFIX

_READY_WITHIN_S: Final = 60.0
_DRAINED_WITHIN_S: Final = 20.0


class WorkerFailed(Exception):  # noqa: N818 - as BrokerUnavailable, it names what happened
    """The worker process ended or did not become ready. The message has the end of its log."""


@contextmanager
def running_worker(settings: Mapping[str, str]) -> Iterator[str]:
    """A worker, ready, until the block ends; then it drains.

    Args:
        settings: environment variables on top of the user's own.

    Yields:
        The address of its metrics.

    Raises:
        WorkerFailed: it did not become ready.
    """
    port = free_port(port_is_taken)
    own = {f"{PREFIX}HTTP_HOST": "127.0.0.1", f"{PREFIX}HTTP_PORT": str(port), f"{PREFIX}LOG_FORMAT": "json"}
    with tempfile.TemporaryDirectory(prefix="review-sentiment-demo-") as folder:
        log_path = Path(folder) / "worker.log"
        with log_path.open("w") as log:
            command = [sys.executable, "-m", "stream_app", "worker"]
            process = subprocess.Popen(command, env={**os.environ, **own, **settings}, stderr=log)  # noqa: S603
        try:
            _wait_until_ready(process, port, log_path)
            yield f"http://127.0.0.1:{port}/metrics"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(_DRAINED_WITHIN_S)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log_path: Path) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while not _is_ready(port):
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(log_path.read_text().splitlines()[-10:])
            raise WorkerFailed(f"the worker did not become ready; the end of its log:\n{tail}")
        time.sleep(0.1)


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False
