"""Spans of the work at hand, sent by OpenTelemetry's protocol when an endpoint is set; else nothing at all.

The W3C trace context of `kernel.telemetry` goes from process to process in either case. What this module
adds is the record: a span a request, a span a call. No span holds a document, a variable or a token.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from kernel import telemetry
from kernel.settings import ConfigurationProblem

if TYPE_CHECKING:
    from opentelemetry import trace
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace.export import SpanExporter

__all__ = ["Mark", "configure_tracing", "flush", "span"]

Kind = Literal["server", "client", "consumer"]
Attributes = Mapping[str, str | int]

#: Seconds that the last spans get to leave when the process ends.
FLUSH_SECONDS = 2


class Mark:
    """The open span, for what is known only at its end. Without tracing it forgets all it is told."""

    __slots__ = ("_span",)

    def __init__(self, recorded: trace.Span | None = None) -> None:
        self._span = recorded

    @property
    def recording(self) -> bool:
        """Whether anybody will see what is noted."""
        return self._span is not None

    def rename(self, name: str) -> None:
        """Name the span by what the work turned out to be; names are few, ids belong in attributes."""
        if self._span is not None:
            self._span.update_name(name)

    def note(self, attributes: Attributes) -> None:
        """Add attributes, named by OpenTelemetry's semantic conventions."""
        if self._span is not None:
            self._span.set_attributes(attributes)

    def fail(self, code: str) -> None:
        """The work failed, with this stable code."""
        if self._span is not None:
            from opentelemetry.trace import Status, StatusCode

            self._span.set_status(Status(StatusCode.ERROR))
            self._span.set_attribute("error.type", code)


_NO_MARK = Mark()


class _Spans:
    """OpenTelemetry behind two calls; the process has one, or none."""

    def __init__(self, service: str, exporter: SpanExporter) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace import SpanKind

        # Whoever began the trace decides whether it is recorded: that is the SDK's own default sampler.
        self.provider = TracerProvider(resource=Resource.create({"service.name": service}))
        self.provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self.provider.get_tracer("customer-graph")
        self._kinds = {kind: SpanKind[kind.upper()] for kind in ("server", "client", "consumer")}

    def start(self, name: str, kind: Kind, attributes: Attributes | None) -> trace.Span:
        return self._tracer.start_span(
            name, context=_parent(telemetry.current_trace()), kind=self._kinds[kind], attributes=attributes
        )


_spans: _Spans | None = None


def configure_tracing(service: str, endpoint: str | None, exporter: SpanExporter | None = None) -> None:
    """Record the spans of this process and send them to `endpoint` (OTLP over HTTP, such as http://host:4318).

    Without exporter and endpoint nothing is recorded; an empty endpoint is none. Raises
    `ConfigurationProblem` when the packages of the extra `tracing` are not installed.
    """
    global _spans  # noqa: PLW0603 - a process has one place where its spans go, as it has one log
    if not endpoint and exporter is None:
        _spans = None
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError:
        raise ConfigurationProblem(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed: "
            "install customer-graph[tracing], or unset the variable"
        ) from None
    _spans = _Spans(service, exporter or OTLPSpanExporter(f"{str(endpoint).rstrip('/')}/v1/traces"))


def flush() -> None:
    """Send what is left and stop recording; gives up after `FLUSH_SECONDS`."""
    global _spans
    spans, _spans = _spans, None
    if spans is not None:
        spans.provider.force_flush(FLUSH_SECONDS * 1000)
        spans.provider.shutdown()


@contextmanager
def span(name: str, kind: Kind, attributes: Attributes | None = None) -> Iterator[Mark]:
    """Work in the body as one span under the current trace; calls made there name it as their parent.

    An exception that leaves the body is recorded by its type alone: its text may hold data.
    """
    if _spans is None:
        yield _NO_MARK
        return
    recorded = _spans.start(name, kind, attributes)
    mark = Mark(recorded)
    context = recorded.get_span_context()
    traceparent = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
    try:
        with telemetry.bind_span(traceparent):
            yield mark
    except BaseException as problem:
        mark.fail(type(problem).__name__)
        raise
    finally:
        recorded.end()


def _parent(current: telemetry.Trace) -> Context:
    """Empty when this process began the trace: a made-up parent would never be found."""
    from opentelemetry import context
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    if current.origin == "fresh":
        return context.Context()
    _, trace_id, span_id, flags = current.traceparent.split("-")
    remote = SpanContext(
        int(trace_id, 16), int(span_id, 16), current.origin == "caller", TraceFlags(int(flags, 16))
    )
    return set_span_in_context(NonRecordingSpan(remote), context.Context())
