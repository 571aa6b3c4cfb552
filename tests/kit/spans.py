"""The spans of this process, collected in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from kernel import tracing

__all__ = ["CollectedSpans", "collected_spans"]


class CollectedSpans:
    """What the process recorded."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()

    def all(self) -> list[ReadableSpan]:
        """Every ended span, in the order of their ends; recording stops."""
        tracing.flush()
        return list(self.exporter.get_finished_spans())

    def by_name(self) -> dict[str, ReadableSpan]:
        """The same by name, for tests whose spans have distinct names."""
        return {span.name: span for span in self.all()}


@contextmanager
def collected_spans() -> Iterator[CollectedSpans]:
    """Record in the body."""
    collected = CollectedSpans()
    tracing.configure_tracing("test", None, collected.exporter)
    try:
        yield collected
    finally:
        tracing.configure_tracing("test", None)
