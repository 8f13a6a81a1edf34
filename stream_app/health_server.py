"""The HTTP server of `/livez`, `/readyz`, `/metrics` and `/info`, in threads of its own."""

import json
import socketserver
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, AddressFamily, socket
from threading import Lock, Thread
from typing import Any, NamedTuple, Self, cast
from urllib.parse import urlsplit

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from stream_app.health import Health

log = structlog.stdlib.get_logger(__name__)


_MOST_CONNECTIONS = 64
_NO_DESCRIPTOR_PAUSE_S = 0.1


class Reply(NamedTuple):
    """An answer of the health server."""

    status: HTTPStatus
    content_type: str
    body: bytes


class _Server(ThreadingHTTPServer):
    """Routes of the health endpoint. Beyond _MOST_CONNECTIONS the oldest one makes room.

    So clients that are slow on purpose can neither lock out a probe nor use up threads and descriptors.
    """

    daemon_threads = True
    request_queue_size = 64  # with the 5 of the base a burst of probes waits a second

    def __init__(self, address: tuple[str, int], health: Health, registry: CollectorRegistry) -> None:
        self._health = health
        self._registry = registry
        self._open: dict[socket, None] = {}
        self._open_lock = Lock()
        self.address_family = AddressFamily.AF_INET6 if ":" in address[0] else AddressFamily.AF_INET
        super().__init__(address, _Request)

    def server_bind(self) -> None:
        """Bind without the look-up of the host's full name, which can hang where there is no name server."""
        socketserver.TCPServer.server_bind(self)

    def get_request(self) -> tuple[socket, Any]:
        """The next connection. Without a descriptor for it, the base would ask again without a pause."""
        try:
            return super().get_request()
        except OSError:
            time.sleep(_NO_DESCRIPTOR_PAUSE_S)
            raise

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base's signature
        """Answer in a thread; one connection too many ends the oldest."""
        with self._open_lock:
            self._open[request] = None
            if len(self._open) > _MOST_CONNECTIONS:
                oldest = next(iter(self._open))
                del self._open[oldest]
                with suppress(OSError):
                    oldest.shutdown(SHUT_RDWR)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - the base's signature
        """The connection ends."""
        with self._open_lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, *_: object) -> None:
        """Log what broke an answer, unless it was the client going away."""
        error = sys.exception()
        if not isinstance(error, ConnectionError | TimeoutError):
            log.error("health_request_failed", exc_info=error)

    def reply(self, path: str, accept: str) -> Reply:
        """The answer to a GET."""
        match path:
            case "/livez":
                return _verdict(self._health.why_dead())
            case "/readyz":
                return _verdict(self._health.why_not_ready())
            case "/info":
                return _json(HTTPStatus.OK, self._health.describe())
            case "/metrics":
                encode, content_type = choose_encoder(accept)
                return Reply(HTTPStatus.OK, content_type, encode(self._registry))
            case _:
                paths = ["/livez", "/readyz", "/metrics", "/info"]
                return _json(HTTPStatus.NOT_FOUND, {"error": "no such path", "paths": paths})


class _Request(BaseHTTPRequestHandler):
    """One request."""

    server_version = "stream-app"
    sys_version = ""
    timeout = 10  # a client that sends nothing must not hold a thread

    def do_GET(self) -> None:
        """Answer with status and body."""
        self._send(self._reply(), with_body=True)

    def do_HEAD(self) -> None:
        """Answer as to GET, without the body."""
        self._send(self._reply(), with_body=False)

    def _refuse(self) -> None:
        reply = _json(
            HTTPStatus.METHOD_NOT_ALLOWED, {"error": "method not allowed", "methods": ["GET", "HEAD"]}
        )
        self._send(reply, with_body=True)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _refuse  # noqa: N815 - names that the base looks for

    def _reply(self) -> Reply:
        return cast("_Server", self.server).reply(urlsplit(self.path).path, self.headers.get("Accept", ""))

    def _send(self, reply: Reply, *, with_body: bool) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("Cache-Control", "no-store")
        if reply.status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        self.end_headers()
        if with_body:
            self.wfile.write(reply.body)

    def log_message(self, *_: object) -> None:
        """Say nothing: probes and scrapes come every few seconds."""


def _verdict(reasons: list[str]) -> Reply:
    status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
    return _json(status, {"status": "failing" if reasons else "ok", "reasons": reasons})


def _json(status: HTTPStatus, content: Mapping[str, Any]) -> Reply:
    return Reply(status, "application/json", json.dumps(content).encode() + b"\n")


class HealthServer:
    """The HTTP server of the health endpoint, in a daemon thread. It listens as soon as it is made.

    Args:
        health: decides about `/livez`, `/readyz` and `/info`.
        registry: exported by `/metrics`.
        host: address to listen on.
        port: 0 picks a free one.

    Raises:
        OSError: the address cannot be listened on; the message names the settings.
    """

    def __init__(self, health: Health, registry: CollectorRegistry, host: str, port: int) -> None:
        try:
            self._server = _Server((host, port), health, registry)
        except OSError as error:
            where = f"{host}:{port} (STREAM_HTTP_HOST, STREAM_HTTP_PORT)"
            raise OSError(error.errno, f"cannot listen on {where}: {error.strerror}") from error
        self._thread = Thread(target=self._server.serve_forever, args=(0.1,), name="health", daemon=True)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._server.server_address[1]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
