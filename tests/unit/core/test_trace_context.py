import pytest

from stream_app.core.trace_context import TraceContext, trace_context

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def of(value: bytes | None) -> TraceContext | None:
    return trace_context([("other", b"x"), ("traceparent", value)])


def test_the_header_tells_trace_span_and_whether_it_is_sampled() -> None:
    assert of(f"00-{TRACE}-{SPAN}-01".encode()) == TraceContext(TRACE, SPAN, sampled=True)
    assert of(f"00-{TRACE}-{SPAN}-02".encode()) == TraceContext(TRACE, SPAN, sampled=False)


def test_a_later_version_may_have_more_to_say() -> None:
    assert of(f"cc-{TRACE}-{SPAN}-01-more".encode()) == TraceContext(TRACE, SPAN, sampled=True)


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\xff",
        f"00-{TRACE}-{SPAN}".encode(),
        f"ff-{TRACE}-{SPAN}-01".encode(),
        f"00-{TRACE.upper()}-{SPAN}-01".encode(),
        f"00-{'0' * 32}-{SPAN}-01".encode(),
        f"00-{TRACE}-{'0' * 16}-01".encode(),
        f"00-{TRACE}-{SPAN}-01\n".encode(),
    ],
)
def test_what_is_not_valid_is_no_context(value: bytes | None) -> None:
    assert of(value) is None


def test_without_a_header_there_is_none() -> None:
    assert trace_context([]) is None
