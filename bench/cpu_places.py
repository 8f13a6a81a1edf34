"""To which part of the worker a moment of CPU time belongs: the innermost known place of a stack. Pure."""

from collections.abc import Iterable
from typing import Final

CORE: Final = "core"
LOOP: Final = "event loop, sockets"
OTHER: Final = "other"
SCORING: Final = "score (compiled, other threads)"

# Ends of folders or files, and functions where a file does several things. The first that fits is taken.
_PLACES: Final[tuple[tuple[str, str | None, str], ...]] = (
    ("stream_app/core/", None, CORE),
    ("stream_app/kafka/publish.py", None, "publish"),
    ("stream_app/kafka/offsets.py", None, "ack, exact offsets"),
    ("stream_app/kafka/done_offsets.py", None, "ack, exact offsets"),
    ("stream_app/kafka/lag_reader.py", None, "metrics, health, breaker"),
    ("stream_app/kafka/pauses.py", None, "metrics, health, breaker"),
    ("stream_app/kafka/", "ack", "ack, exact offsets"),
    ("stream_app/kafka/", None, "delivery (Faust)"),
    ("stream_app/worker.py", None, "worker"),
    ("stream_app/commands/", None, OTHER),
    ("stream_app/", None, "metrics, health, breaker"),
    ("prometheus_client/", None, "metrics, health, breaker"),
    ("aiokafka/producer/", None, "produce, broker's acks (aiokafka)"),
    ("aiokafka/consumer/group_coordinator.py", None, "commit, heartbeat"),
    ("aiokafka/coordinator/", None, "commit, heartbeat"),
    ("aiokafka/consumer/", None, "fetch (aiokafka)"),
    ("aiokafka/", "commit", "commit, heartbeat"),
    ("faust/", "commit", "commit, heartbeat"),
    ("faust/", "ack", "ack, exact offsets"),
    ("faust/", None, "delivery (Faust)"),
    ("mode/", None, "delivery (Faust)"),
)

Stack = Iterable[tuple[str, str]]
"""File and function of each frame, the innermost first."""


def place_of(stack: Stack) -> str:
    """The part of the worker; frames of the standard library and of connections count for their callers."""
    last = ""
    for file, function in stack:
        for part, name, place in _PLACES:
            if part in file and (name is None or name in function):
                return place
        last = file
    return LOOP if last else OTHER
