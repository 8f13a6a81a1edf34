"""The HTTP API under test: a real server in a thread, or `stream-app serve` as a process."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask
from prometheus_client import CollectorRegistry

from stream_app.api.app import Wiring, new_app
from stream_app.api.classifier import Classifier
from stream_app.api.live import LiveResults
from stream_app.api.metrics import ApiMetrics
from stream_app.api.server import ApiServer
from stream_app.bundled import bundled
from stream_app.core.pipeline import Rules
from stream_app.model_store import load_model


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever JSON can hold
        return json.loads(self.body)


def ask(
    port: int,
    method: str,
    path: str,
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request on a connection of its own; a body that is not bytes goes as JSON."""
    given = {"Content-Type": "application/json"} if body is not None else {}
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, content, {**given, **(headers or {})})
        got = connection.getresponse()
        return Answer(got.status, dict(got.getheaders()), got.read())
    finally:
        connection.close()


class RunningApi(NamedTuple):
    """A server in a thread, with what it is made of."""

    port: int
    app: Flask
    server: ApiServer
    classifier: Classifier
    registry: CollectorRegistry
    stopping: threading.Event


@contextmanager
def running_api(
    rules: Rules | None = None,
    live: LiveResults | None = None,
    threads: int = 4,
    drain_timeout_s: float = 10.0,
) -> Iterator[RunningApi]:
    """A real server with the champion, until the block ends; then it drains."""
    registry, stopping = CollectorRegistry(), threading.Event()
    metrics = ApiMetrics(registry, "1.2.3")
    classifier = Classifier(load_model(bundled("champion"), "inherited"), rules or Rules())
    wiring = Wiring(classifier, metrics, registry, live, list, "1.2.3", 20_000)
    app = new_app(wiring)
    server = ApiServer(app, metrics, ("127.0.0.1", 0), threads, stopping)
    thread = threading.Thread(target=server.run, args=(drain_timeout_s, live.close if live else lambda: None))
    thread.start()
    try:
        yield RunningApi(server.port, app, server, classifier, registry, stopping)
    finally:
        server.stop()
        thread.join()
        if live:
            live.join()


class ServeProcess:
    """`stream-app serve` as a process; its log is a file."""

    def __init__(self, folder: Path, *arguments: str, **settings: str) -> None:
        self.log = folder / "serve.log"
        own = {f"STREAM_{name.upper()}": value for name, value in settings.items()}
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "stream_app", "serve", *arguments],
                env={**os.environ, "STREAM_API_PORT": "0", "STREAM_LOG_FORMAT": "json", **own},
                cwd=folder,
                stdout=log,
                stderr=log,
            )
        self.port = self._wait_for_port(60)

    def _wait_for_port(self, within_s: float) -> int:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline and self._process.poll() is None:
            for event in self.events("api_listening"):
                return int(event["address"].rpartition(":")[2])
            time.sleep(0.1)
        message = f"it does not listen:\n{self.log.read_text()}"
        raise AssertionError(message)

    def events(self, name: str) -> list[dict[str, Any]]:
        """The events of this name logged so far."""
        lines = [line for line in self.log.read_text().splitlines() if line.endswith("}")]
        return [event for event in map(json.loads, lines) if event["event"] == name]

    def wait_for(self, name: str, within_s: float = 30) -> dict[str, Any]:
        """The last event of this name, as soon as there is one."""
        deadline = time.monotonic() + within_s
        while not (found := self.events(name)):
            assert time.monotonic() < deadline, f"no {name}:\n{self.log.read_text()}"
            time.sleep(0.05)
        return found[-1]

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        """The exit code."""
        return self._process.wait(30)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def serve(folder: Path, *arguments: str, **settings: str) -> Iterator[ServeProcess]:
    """`stream-app serve`, listening, until the block ends."""
    process = ServeProcess(folder, *arguments, **settings)
    try:
        yield process
    finally:
        process.end()
