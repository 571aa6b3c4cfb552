"""kernel.tracing: spans that join up across processes, and nothing at all when nobody collects them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest

from kernel import asgi
from kernel.settings import ServiceSettings
from kernel.telemetry import bind_trace, current_trace, trace_headers
from kernel.tracing import span
from tests.kit.spans import CollectedSpans, collected_spans

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = CALLER[:-1] + "0"


@pytest.fixture
def collected() -> Iterator[CollectedSpans]:
    with collected_spans() as spans:
        yield spans


def test_a_call_names_the_span_that_made_it(collected: CollectedSpans) -> None:
    """The next process sees as parent a span that was really sent, inside the caller's trace."""
    with bind_trace("req-1", CALLER), span("query", "server"), span("fetch", "client"):
        headers = trace_headers()
    spans = collected.by_name()
    query, fetch = spans["query"], spans["fetch"]
    assert query.parent is not None
    assert fetch.parent is not None
    assert query.context is not None
    assert fetch.context is not None
    assert f"{query.parent.span_id:016x}" == CALLER[36:52]
    assert fetch.parent.span_id == query.context.span_id
    assert headers["traceparent"] == f"{CALLER[:36]}{fetch.context.span_id:016x}-01"
    assert headers["x-request-id"] == "req-1"


def test_a_trace_that_begins_here_has_no_parent(collected: CollectedSpans) -> None:
    """Without a caller's header the first span is the root, and the log's trace id is the span's."""
    with bind_trace(None, None), span("query", "server"):
        trace_id = current_trace().trace_id
    query = collected.by_name()["query"]
    assert query.parent is None
    assert query.context is not None
    assert f"{query.context.trace_id:032x}" == trace_id


def test_a_trace_that_the_caller_does_not_record_is_not_recorded(collected: CollectedSpans) -> None:
    """The sampled flag is the caller's decision, and is passed on."""
    with bind_trace("req-1", UNSAMPLED), span("query", "server"):
        assert trace_headers()["traceparent"].endswith("-00")
    assert collected.by_name() == {}


def test_a_failure_is_told_by_its_type_alone(collected: CollectedSpans) -> None:
    """The text of an exception may hold a customer's data."""
    with pytest.raises(ValueError, match="123"), bind_trace("r", CALLER), span("query", "server"):
        raise ValueError("cpf 123.456.789-09")
    query = collected.by_name()["query"]
    assert query.attributes == {"error.type": "ValueError"}
    assert not query.events
    assert "123" not in query.to_json()


def test_a_request_is_a_span_named_by_its_operation_type(collected: CollectedSpans) -> None:
    """The span tells method, path, status, operation and code; neither document nor variables."""

    async def app(scope: asgi.Scope, _receive: asgi.Receive, send: asgi.Send) -> None:
        scope["state"]["request_log"].update(operation_type="query", operation_name="Me", document="{ me }")
        await asgi._answer(send, 200, {"data": None})

    answer_to(app)
    query = collected.by_name()["query"]
    assert dict(query.attributes or {}) == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "url.path": "/graphql",
        "graphql.operation.type": "query",
        "graphql.operation.name": "Me",
    }
    assert query.status.is_unset


def test_a_request_that_broke_is_a_failed_span(collected: CollectedSpans) -> None:
    """An answer of 500 marks the span, with its stable code."""

    async def app(_scope: asgi.Scope, _receive: asgi.Receive, _send: asgi.Send) -> None:
        raise RuntimeError("secret")

    answer_to(app)
    request = collected.by_name()["POST"]
    assert not request.status.is_ok
    assert dict(request.attributes or {})["error.type"] == "INTERNAL_SERVER_ERROR"
    assert "secret" not in request.to_json()


@pytest.mark.parametrize("endpoint", [None, ""])
def test_nothing_is_imported_where_no_endpoint_is_set(endpoint: str | None) -> None:
    """Who does not collect spans needs no package for them, and pays nothing; an empty variable is none."""
    program = (
        "import sys; from kernel.tracing import configure_tracing, span\n"
        f"configure_tracing('gateway', {endpoint!r})\n"
        "with span('query', 'server') as mark: mark.fail('X')\n"
        "print(mark.recording, [name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False []"


def answer_to(app: asgi.ASGIApp) -> None:
    """Send one POST through a service around `app`."""
    service = asgi.Service("gateway", app, ServiceSettings(), verifier=None)
    scope: asgi.Scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "headers": [(b"traceparent", CALLER.encode())],
    }

    async def receive() -> asgi.Message:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(_message: asgi.Message) -> None:
        return None

    asyncio.run(service(scope, receive, send))
