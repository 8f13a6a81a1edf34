"""Spans by OpenTelemetry, sent by OTLP over HTTP. Where to, and which: the standard variables OTEL_… say.

Names and attributes are those of OpenTelemetry's semantic conventions for messaging.
"""

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, TraceFlags

from stream_app.core.messages import Record
from stream_app.core.trace_context import TraceContext, trace_context

_PACKAGE: Final = "review-sentiment-stream"
_FLUSH_MS: Final = 3_000  # a collector that is away must not hold up the end


class SpanExport:
    """Makes spans and sends them from a thread of its own.

    Args:
        group: the consumer group.
        max_links: how many records a slice has at most.
    """

    def __init__(self, group: str, max_links: int) -> None:
        self._group = group
        self._provider = TracerProvider(
            resource=_resource(), span_limits=SpanLimits(max_links=max_links), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer(_PACKAGE, version(_PACKAGE))

    def begin(self, records: Sequence[Record]) -> "OpenSpan":
        """A span for a slice of one partition, linked to the spans in which its records were produced."""
        first = records[0]
        span = self._tracer.start_span(
            f"process {first.topic}",
            kind=SpanKind.CONSUMER,
            links=list(_links(records)),
            attributes={
                "messaging.system": "kafka",
                "messaging.operation.type": "process",
                "messaging.operation.name": "process",
                "messaging.destination.name": first.topic,
                "messaging.destination.partition.id": str(first.partition),
                "messaging.kafka.offset": first.offset,
                "messaging.batch.message_count": len(records),
                "messaging.consumer.group.name": self._group,
            },
        )
        return OpenSpan(span)

    def close(self) -> None:
        """Send what waits, and end."""
        self._provider.force_flush(_FLUSH_MS)
        self._provider.shutdown()


class OpenSpan:
    """A span that has begun."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def classified(self, results: int, dead_letters: int, model_version: str) -> None:
        """The slice went through the core."""
        self._span.add_event("classified")
        self._span.set_attribute("stream_app.results", results)
        self._span.set_attribute("stream_app.dead_letters", dead_letters)
        self._span.set_attribute("stream_app.model_version", model_version)

    def published(self) -> None:
        """The broker holds all outputs."""
        self._span.end()


def _resource() -> Resource:
    """The service, unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES name it otherwise."""
    own = Resource({"service.name": _PACKAGE, "service.version": version(_PACKAGE)})
    return Resource.create().merge(own).merge(OTELResourceDetector().detect())


def _links(records: Sequence[Record]) -> Iterator[Link]:
    """One for each span, however many records it produced."""
    contexts = {trace_context(record.headers) for record in records if record.headers}
    return (Link(_span_context(context)) for context in sorted(filter(None, contexts)))


def _span_context(context: TraceContext) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if context.sampled else TraceFlags.DEFAULT)
    return SpanContext(int(context.trace_id, 16), int(context.span_id, 16), is_remote=True, trace_flags=flags)
