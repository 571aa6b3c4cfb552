"""Each fetch is a span of its own, and the subgraph is told that span as its parent."""

from __future__ import annotations

from tests.kit.gateway import InProcessGateway
from tests.kit.spans import collected_spans


async def test_a_fetch_is_a_span_that_its_subgraph_hangs_on(gateway: InProcessGateway) -> None:
    """The traceparent of each request names a client span that was recorded, with the subgraph's name."""
    with collected_spans() as collected:
        await gateway.ask("{ customers { score } }")
        spans = collected.all()
    assert [(dict(span.attributes or {}), span.status.is_unset) for span in spans] == [
        ({"subgraph.name": "profile"}, True),
        ({"subgraph.name": "rating"}, True),
    ]
    told = [request.headers["traceparent"][36:52] for request in gateway.transport.requests]
    assert told == [f"{span.context.span_id:016x}" for span in spans if span.context is not None]


async def test_a_fetch_with_errors_is_a_failed_span_without_their_text(gateway: InProcessGateway) -> None:
    """The code is told; neither the subgraph's message nor a value of the query is."""
    with collected_spans() as collected:
        await gateway.ask("{ customers(first: 3) { rating { grade } } }")
        _, rating = collected.all()
    assert rating.attributes is not None
    assert rating.attributes["error.type"] == "DOWNSTREAM_SERVICE_ERROR"
    assert "no rating" not in rating.to_json()
