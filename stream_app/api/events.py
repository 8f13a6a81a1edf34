"""Server-sent events (HTML Standard, section 9.2) of the live results."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from stream_app.api.live import LiveResults, Subscription, Taken
from stream_app.core.messages import decode_result, encode_result

CONTENT_TYPE: Final = "text/event-stream"

_RECONNECT_MS: Final = 2_000
_LOOK_S: Final = 1.0  # how soon a client that has gone makes place for another
_GATHER_S: Final = 0.25  # a page that changes more often cannot be read
_SILENCE_LOOKS: Final = 15


def event_stream(
    live: LiveResults, subscription: Subscription, is_gone: Callable[[], bool]
) -> Iterator[bytes]:
    """The events for one client, until it has gone or the server stops."""
    yield f"retry: {_RECONNECT_MS}\n\n".encode()
    connected: bool | None = None
    silent = 0
    while not live.is_closed and not is_gone():
        taken = live.take(subscription, _LOOK_S)
        events = _events(taken, connected)
        connected = taken.connected
        silent = 0 if events else silent + 1
        if events:
            yield events
            live.pause(_GATHER_S)
        elif silent % _SILENCE_LOOKS == 0:
            yield b": nothing new\n\n"  # or a proxy takes the connection for dead


def _events(taken: Taken, connected: bool | None) -> bytes:
    events = [] if taken.connected == connected else [_event("state", {"connected": taken.connected})]
    if taken.skipped:
        events.append(_event("skipped", {"count": taken.skipped}))
    return b"".join(events + [event for value in taken.values if (event := _result(value))])


def _result(value: bytes) -> bytes:
    """Nothing for what is no result: the topic may hold what others wrote."""
    try:
        return b"event: result\ndata: " + encode_result(decode_result(value)) + b"\n\n"
    except msgspec.DecodeError:
        return b""


def _event(name: str, content: Any) -> bytes:  # noqa: ANN401 - whatever JSON can hold
    return f"event: {name}\ndata: ".encode() + msgspec.json.encode(content) + b"\n\n"
