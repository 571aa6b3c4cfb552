"""Each text is understood once, refusals included, within bounds."""

from __future__ import annotations

import pytest
from graphql import build_schema

from gateway.errors import ClientProblem, ErrorCode, Refusal
from gateway.operation.documents import DocumentCache, read_document
from gateway.operation.limits import OperationLimits

SCHEMA = build_schema("type Query { customer: Int name: String }")


def test_refusals_are_remembered() -> None:
    """A text that was refused is refused again without being read."""
    cache = DocumentCache(max_entries=10, max_characters=1_000)
    cache.add("{", Refusal(ClientProblem(ErrorCode.GRAPHQL_PARSE_FAILED, "no")))
    for _ in range(2):
        with pytest.raises(Refusal, match="no"):
            cache.find("{")


def test_documents_are_bounded_by_number_and_by_text() -> None:
    """The least recently used goes; the memory of long texts is bounded as a whole."""
    cache = DocumentCache(max_entries=2, max_characters=100)
    for text in ("{ customer }", "{ name }"):
        cache.add(text, read_document(SCHEMA, text, OperationLimits(), suggestions=False))
    assert cache.find("{ customer }") is not None
    cache.add("{", Refusal(ClientProblem(ErrorCode.GRAPHQL_PARSE_FAILED, "no")))
    assert cache.find("{ name }") is None
    cache.add("{" + " " * 99, Refusal(ClientProblem(ErrorCode.GRAPHQL_PARSE_FAILED, "no")))
    assert len(cache) == 1


def test_validation_stops_and_suggests_nothing_in_production() -> None:
    """At most the set number of errors; names close to the asked one stay secret."""
    text = "{" + " ".join(f"custome{n}" for n in range(100)) + "}"
    with pytest.raises(Refusal) as caught:
        read_document(SCHEMA, text, OperationLimits(max_root_fields=200), suggestions=False)
    assert len(caught.value.problems) == 20
    assert "Did you mean" not in str(caught.value)
    with pytest.raises(Refusal, match="Did you mean"):
        read_document(SCHEMA, "{ custome }", OperationLimits(), suggestions=True)


@pytest.mark.parametrize(
    "text",
    [
        "subscription { customer }",
        "{ customer ... @defer { name } }",
        "{ ...F @defer } fragment F on Query { name }",
        "{ name @stream }",
    ],
)
def test_incremental_delivery_and_subscriptions_are_refused_clearly(text: str) -> None:
    """With a code of their own instead of an unknown directive."""
    with pytest.raises(Refusal) as caught:
        read_document(SCHEMA, text, OperationLimits(), suggestions=False)
    assert caught.value.problems[0].code is ErrorCode.UNSUPPORTED_OPERATION
