"""Logs and trace context: one id finds a request in the log of every process it touched."""

from __future__ import annotations

import logging
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Literal

import structlog

from kernel.events import new_id

__all__ = [
    "Trace",
    "accept_request_id",
    "accept_traceparent",
    "bind_span",
    "bind_trace",
    "configure_logging",
    "current_trace",
    "get_logger",
    "trace_headers",
]

# W3C Trace Context, level 1: version 00, lower-case hexadecimal, ids not all zero.
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
# What a client may choose as its request id: nothing that could forge a second log field or line.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


@dataclass(frozen=True, slots=True)
class Trace:
    """The identity of the work at hand: `x-request-id`, and a W3C `traceparent`."""

    request_id: str
    traceparent: str
    #: Who made the span that `traceparent` names: the caller, this process (recorded), or nobody (made up).
    origin: Literal["caller", "span", "fresh"] = "fresh"

    @property
    def trace_id(self) -> str:
        """The 32 hexadecimal digits that all spans of one trace share."""
        return self.traceparent[3:35]

    def child(self) -> Trace:
        """The same trace with a new span id, for a call to another process."""
        return replace(self, traceparent=f"{self.traceparent[:36]}{_span_id()}{self.traceparent[52:]}")


_trace: ContextVar[Trace | None] = ContextVar("trace", default=None)


def _span_id() -> str:
    # An all-zero id is invalid by the specification; setting one bit rules it out.
    return f"{secrets.randbits(64) | 1:016x}"


def accept_traceparent(value: str | None) -> str:
    """`value` when it is a valid traceparent, else a fresh sampled one."""
    if value is not None and _TRACEPARENT.fullmatch(value):
        return value
    return f"00-{secrets.randbits(128) | 1:032x}-{_span_id()}-01"


def accept_request_id(value: str | None) -> str:
    """`value` when it is safe to log and short enough, else a fresh one."""
    if value is not None and _REQUEST_ID.fullmatch(value):
        return value
    return new_id()


def current_trace() -> Trace:
    """The trace of the work at hand; outside of any request a fresh one."""
    trace = _trace.get()
    return trace if trace is not None else Trace(accept_request_id(None), accept_traceparent(None))


@contextmanager
def bind_trace(request_id: str | None, traceparent: str | None) -> Iterator[Trace]:
    """Make everything logged and called in the body belong to this trace; bad values are replaced."""
    accepted = accept_traceparent(traceparent)
    trace = Trace(accept_request_id(request_id), accepted, "caller" if accepted == traceparent else "fresh")
    token = _trace.set(trace)
    try:
        yield trace
    finally:
        _trace.reset(token)


@contextmanager
def bind_span(traceparent: str) -> Iterator[None]:
    """Make the body belong to a span of this process, under the request id at hand."""
    token = _trace.set(Trace(current_trace().request_id, traceparent, "span"))
    try:
        yield
    finally:
        _trace.reset(token)


def trace_headers() -> dict[str, str]:
    """Headers for an outgoing call: the request id as it is, and the span that makes the call."""
    trace = current_trace()
    # Where spans are not recorded, the call gets a span id of its own, so that logs can tell calls apart.
    caller = trace if trace.origin == "span" else trace.child()
    return {"x-request-id": caller.request_id, "traceparent": caller.traceparent}


def _add_trace(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    trace = _trace.get()
    if trace is not None:
        event.setdefault("request_id", trace.request_id)
        event.setdefault("trace_id", trace.trace_id)
    return event


def configure_logging(service: str, log_format: Literal["json", "text"], level: str) -> None:
    """Send every log line, ours and the libraries', to standard output: one JSON object or text line each."""

    def add_service(
        _logger: object, _method: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        event["service"] = service
        return event

    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_service,
        _add_trace,
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    )
    threshold = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(threshold, logging.WARNING), force=True)


def get_logger() -> structlog.typing.FilteringBoundLogger:
    """The structured logger; event names are `area.verb_past`, values are ids, never payloads or tokens."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger
