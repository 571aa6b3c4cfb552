"""Aliases that one subgraph's schema makes necessary, below an interface that is entered by its key."""

from __future__ import annotations

from typing import Any

from tests.conformance.world import FED
from tests.kit.federation import federation

_OWNER = """
interface Product @key(fields: "id") { id: ID! }
type Card implements Product @key(fields: "id") { id: ID! limit: Int }
type Loan implements Product @key(fields: "id") { id: ID! limit: String! }
"""
_LINKS = """
type Product @interfaceObject @key(fields: "id") { id: ID! }
type Offer @key(fields: "id") { id: ID! products: [Product] }
type Query { offer: Offer }
"""
_SCORER = """
interface Product { id: ID! }
type Card implements Product @key(fields: "id") { id: ID! limit: Int @external }
type Loan implements Product @key(fields: "id") { id: ID! limit: String! @external }
type Offer @key(fields: "id") {
  id: ID!
  products: [Product] @external
  score: Int @requires(fields: "products { ... on Card { limit } ... on Loan { limit } }")
}
"""


def test_types_below_an_entered_interface_get_aliases_where_they_differ() -> None:
    """Fields of one name but two types are asked under two keys, and sent under their own name."""
    received: list[Any] = []

    def score(offer: dict[str, Any], _: dict[str, Any]) -> int:
        received.append(offer["products"])
        return 7

    graph = federation(
        links=(
            FED + _LINKS,
            {
                "Query": {"offer": {"__typename": "Offer", "id": "o"}},
                "Offer": [{"id": "o", "products": [{"id": "c"}, {"id": "l"}]}],
            },
        ),
        owner=(
            FED + _OWNER,
            {"Card": [{"id": "c", "limit": 500}], "Loan": [{"id": "l", "limit": "R$ 900"}]},
        ),
        scorer=(FED + _SCORER, {"Offer": [{"id": "o", "score": score}]}),
    )
    result = graph.run("{ offer { score } }")
    assert result.data == {"offer": {"score": 7}}, result.explain()
    assert received == [[{"__typename": "Card", "limit": 500}, {"__typename": "Loan", "limit": "R$ 900"}]]
