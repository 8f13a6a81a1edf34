"""The waitress server under the application: limits on size and time, and a stop that answers first."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import structlog
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from stream_app.api.connection import Connection
from stream_app.api.metrics import ApiMetrics
from stream_app.api.openapi import MAX_BODY_BYTES

log = structlog.stdlib.get_logger(__name__)

RECEIVE_WITHIN_S: Final = 30.0
"""How long a client may take to send a request."""

_IDLE_S: Final = 60
_MAX_CONNECTIONS: Final = 128
_MAX_HEADER_BYTES: Final = 16_384
_REFUSED_BY_APP: Final = 2 * MAX_BODY_BYTES
"""Bodies up to here are read, so that the client is there to read the answer; above, the connection ends."""

_OUTPUT_WAITS_AT: Final = 1_048_576
_IN_MEMORY: Final = (
    1 << 30
)  # waitress would put more than this into files, and there may be no place for them


class _Listener(TcpWSGIServer):  # type: ignore[misc] # waitress ships no types
    """Accepts connections, and ends those that take too long."""

    channel_class = Connection

    def __init__(self, app: Any, metrics: ApiMetrics, stopping: threading.Event, **parts: Any) -> None:  # noqa: ANN401 - waitress' own types
        self.metrics = metrics
        self.stopping = stopping
        super().__init__(app, **parts)

    def maintenance(self, now: float) -> None:
        """Called about once a second."""
        super().maintenance(now)
        deadline = time.monotonic() - RECEIVE_WITHIN_S
        for connection in self.active_channels.values():
            if connection.request is not None and connection.request.began_at < deadline:
                connection.will_close = True

    def accept_backlog(self) -> None:
        """Accept every connection that was made already: its client counts on an answer."""
        before = -1
        while before != len(self._map):
            before = len(self._map)
            self.handle_accept()

    def stop_listening(self) -> None:
        """Refuse connections from now on, and serve those that are there."""
        wasyncore.dispatcher.close(self)  # that of waitress would close the trigger too


class ApiServer:
    """Serves the application from the thread that calls `run`. It listens as soon as it is made.

    Args:
        app: the WSGI application.
        metrics: told of what never reaches the application.
        address: host and port to listen on; port 0 picks a free one.
        threads: how many requests are worked on at a time.
        stopping: set as soon as the server is to stop.

    Raises:
        OSError: the address cannot be listened on; the message names the settings.
    """

    def __init__(
        self,
        app: Any,  # noqa: ANN401 - any WSGI application
        metrics: ApiMetrics,
        address: tuple[str, int],
        threads: int,
        stopping: threading.Event,
    ) -> None:
        listening = _listening(*address)
        self._map: dict[int, Any] = {}
        self._stopping = stopping
        self._dispatcher = ThreadedTaskDispatcher()
        self._dispatcher.set_thread_count(threads)
        self._listener = _Listener(
            app,
            metrics,
            stopping,
            map=self._map,
            dispatcher=self._dispatcher,
            adj=_adjustments(listening),
            _sock=listening,
            sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
            bind_socket=False,
        )

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._listener.effective_port)

    def stop(self) -> None:
        """Make `run` answer what it has and return. To be called from any thread or a signal."""
        self._stopping.set()
        with suppress(OSError):  # it has stopped already
            self._listener.pull_trigger()

    def run(self, drain_timeout_s: float, drain_began: Callable[[], None]) -> None:
        """Serve until `stop`, then answer every request that has come, for so long at most.

        Args:
            drain_timeout_s: answers that take longer are cut off.
            drain_began: called as soon as the server stops: ends the answers that have no end.
        """
        while not self._stopping.is_set():
            self._turn(1.0)
        drain_began()
        log.info("api_drain_started", connections=len(self._listener.active_channels))
        self._drain(time.monotonic() + drain_timeout_s)
        self._dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self._map)

    def _drain(self, deadline: float) -> None:
        self._listener.accept_backlog()
        self._listener.stop_listening()
        self._turn(0.05)  # takes up what those have sent
        while self._listener.active_channels:
            if time.monotonic() > deadline:
                log.warning("api_drain_cut_short", connections=len(self._listener.active_channels))
                return
            for connection in list(self._listener.active_channels.values()):
                if connection.is_idle:
                    connection.handle_close()
            self._turn(0.05)
        log.info("api_drain_done")

    def _turn(self, timeout_s: float) -> None:
        """Let every socket that is ready do its part."""
        wasyncore.loop(timeout_s, use_poll=True, map=self._map, count=1)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        where = f"{host}:{port} (STREAM_API_HOST, STREAM_API_PORT)"
        raise OSError(error.errno, f"cannot listen on {where}: {error.strerror}") from error


def _adjustments(listening: socket.socket) -> Adjustments:
    return Adjustments(
        sockets=[listening],
        ident="stream-app",
        channel_timeout=_IDLE_S,
        cleanup_interval=1,
        connection_limit=_MAX_CONNECTIONS + 2,  # waitress counts its listener and its trigger
        max_request_header_size=_MAX_HEADER_BYTES,
        max_request_body_size=_REFUSED_BY_APP + 1,
        inbuf_overflow=_IN_MEMORY,
        outbuf_overflow=_IN_MEMORY,
        outbuf_high_watermark=_OUTPUT_WAITS_AT,
        channel_request_lookahead=1,  # or a client that has gone would go unseen
        log_socket_errors=False,
    )
