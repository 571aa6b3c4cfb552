"""Requirements at the edge: selections of which nothing can be fetched, or nothing but the type."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.world import FED
from tests.kit.federation import federation

_OWNER = """
union Holder = Person
type Person @key(fields: "id") { id: ID! name: String }
type Account @key(fields: "id") { id: ID! holder: Holder }
type Query { account: Account }
"""
_SCORER = """
union Holder = Person | Company
type Person @key(fields: "id") { id: ID! }
type Company @key(fields: "id") { id: ID! size: Int }
type Account @key(fields: "id") { id: ID! holder: Holder @external score: String @requires(fields: "%s") }
"""


@pytest.mark.parametrize(
    ("requires", "sent"),
    [
        ("holder { ... on Company { id } }", {"__typename": "Person"}),
        ("holder { __typename }", {"__typename": "Person"}),
        ("holder { ... on Person { id } }", {"__typename": "Person", "id": "p"}),
    ],
)
def test_a_required_object_is_sent_even_if_nothing_of_it_is(requires: str, sent: dict[str, Any]) -> None:
    """That the object exists is part of the requirement; what was fetched for others is not."""
    received: list[dict[str, Any]] = []

    def score(account: dict[str, Any], _: dict[str, Any]) -> str:
        received.append(account["holder"])
        return "A"

    account = {"id": "1", "holder": {"__typename": "Person", "id": "p", "name": "Ana"}}
    graph = federation(
        owner=(
            FED + _OWNER,
            {"Query": {"account": {"__typename": "Account", "id": "1"}}, "Account": [account]},
        ),
        scorer=(FED + _SCORER % requires, {"Account": [{"id": "1", "score": score}]}),
    )
    result = graph.run("{ account { holder { ... on Person { name } } score } }")
    assert result.data == {"account": {"holder": {"name": "Ana"}, "score": "A"}}, result.explain()
    assert received == [sent]
