"""Which option an interface's field is exploded from (R2), as seen in the requests it takes."""

from __future__ import annotations

from tests.conformance.world import FED
from tests.kit.federation import federation

_ALPHA = """
interface Node @key(fields: "id") { id: ID! }
type Agency implements Node @key(fields: "id") { id: ID! }
type Broker implements Node @key(fields: "id") { id: ID! code: Int }
type Client implements Node @key(fields: "id") { id: ID! code: Int }
type Dealer implements Node @key(fields: "id") { id: ID! code: Int }
type Query { unused: Int }
"""
_BETA = """
interface Node { id: ID! code: Int }
type Agency implements Node @key(fields: "id") { id: ID! code: Int }
type Broker implements Node @key(fields: "id") { id: ID! code: Int @external }
type Client implements Node @key(fields: "id") { id: ID! code: Int @external }
type Dealer implements Node @key(fields: "id") { id: ID! code: Int @external }
type Query { nodes: [Node] }
"""


def test_types_that_enter_one_subgraph_together_are_paid_once() -> None:
    """The option at hand beats an entity jump to another one, if all its types need the same request."""
    nodes = [
        {"__typename": "Agency", "id": "a"},
        {"__typename": "Broker", "id": "b"},
        {"__typename": "Client", "id": "c"},
        {"__typename": "Dealer", "id": "d"},
    ]
    graph = federation(
        alpha=(
            FED + _ALPHA,
            {
                "Broker": [{"id": "b", "code": 2}],
                "Client": [{"id": "c", "code": 3}],
                "Dealer": [{"id": "d", "code": 4}],
            },
        ),
        beta=(FED + _BETA, {"Query": {"nodes": nodes}, "Agency": [{"id": "a", "code": 1}]}),
    )
    result = graph.run("{ nodes { code } }")
    assert result.data == {"nodes": [{"code": 1}, {"code": 2}, {"code": 3}, {"code": 4}]}, result.explain()
    assert result.asked == ["beta", "alpha"]
