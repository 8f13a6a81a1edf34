"""The trace that a record belongs to, by its header `traceparent` (W3C Trace Context, section 3.2)."""

import re
from typing import Final, NamedTuple

from stream_app.core.messages import Headers

_TRACEPARENT: Final = re.compile(rb"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


class TraceContext(NamedTuple):
    """The span in which a record was produced. Ids as in the header, in lower-case hex."""

    trace_id: str
    span_id: str
    sampled: bool


def trace_context(headers: Headers) -> TraceContext | None:
    """The context of a record, None when it has none that is valid."""
    for name, value in headers:
        if name == "traceparent":
            return _parse(value or b"")
    return None


def _parse(value: bytes) -> TraceContext | None:
    found = _TRACEPARENT.fullmatch(value)
    if found is None:
        return None
    trace_id, span_id, flags = (part.decode() for part in found.groups()[:3])
    if not int(trace_id, 16) or not int(span_id, 16):
        return None
    return TraceContext(trace_id, span_id, bool(int(flags, 16) & 1))
