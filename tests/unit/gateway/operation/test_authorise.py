"""Access directives hold however a field is reached: the matrix of 2025's advisories."""

from __future__ import annotations

from typing import Any

import pytest

from kernel.auth import Principal
from tests.kit.federation import Federation, federation
from tests.kit.gateway import InProcessGateway, principal

_LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", '
    '"@requires", "@interfaceObject", "@authenticated", "@requiresScopes", "@policy"])\n'
)
SECRET = '@requiresScopes(scopes: [["secret"]])'

_SHOP = (
    _LINK
    + f"""
type Query {{
  open: Open
  node: Node
  nodes: [Node!]!
  any: Any
  guarded: Guarded
  policed: Int @policy(policies: [["office"], ["home", "vpn"]])
  either: Int @requiresScopes(scopes: [["a", "b"], ["c"]])
}}
interface Node @key(fields: "id") {{ id: ID! value: Int }}
type Open implements Node @key(fields: "id") {{ id: ID! value: Int plain: Int }}
type Closed implements Node @key(fields: "id") {{ id: ID! value: Int {SECRET} plain: Int }}
type Guarded @authenticated {{ plain: Int }}
union Any = Open | Closed
"""
)
_EXTRA = (
    _LINK
    + f"""
type Open @key(fields: "id") {{
  id: ID!
  hidden: Int {SECRET}
}}
type Closed @key(fields: "id") {{
  id: ID!
  value: Int @external
  derived: Int @requires(fields: "value") {SECRET}
}}
"""
)
_NOTES = _LINK + f'type Node @key(fields: "id") @interfaceObject {{ id: ID! note: Int {SECRET} }}'


def _shop() -> Federation:
    opened = {"__typename": "Open", "id": "1", "value": 1, "plain": 11}
    closed = {"__typename": "Closed", "id": "2", "value": 2, "plain": 22}
    shop = {
        "Query": {
            "open": opened,
            "node": closed,
            "nodes": [opened, closed],
            "any": closed,
            "guarded": {"plain": 5},
            "policed": 6,
            "either": 7,
        },
        "Open": [opened],
        "Closed": [closed],
    }
    extra = {
        "Open": [{"id": "1", "hidden": 111}],
        "Closed": [{"id": "2", "derived": lambda source, _: source["value"] * 10}],
    }
    notes = {"Node": [{"id": "1", "note": 8}, {"id": "2", "note": 9}]}
    composed = federation(shop=(_SHOP, shop), extra=(_EXTRA, extra), notes=(_NOTES, notes))
    # As another composition might leave it: the dependent field does not say what it depends on.
    lines = composed.supergraph.sdl.splitlines()
    sdl = "\n".join(line.replace(SECRET, "") if "derived" in line else line for line in lines)
    assert sdl != composed.supergraph.sdl.rstrip("\n")
    return Federation(list(composed.doubles.values()), sdl)


HOLDER = principal("secret")

#: Title → operation, answer for nobody, paths of the refusals, answer for a holder of the scope.
MATRIX: dict[str, tuple[str, Any, list[list[Any]], Any]] = {
    "an interface's field asks what any implementer asks": (
        "{ node { value } }",
        {"node": {"value": None}},
        [["node", "value"]],
        {"node": {"value": 2}},
    ),
    "the same by fragment on the interface, under an alias": (
        "{ node { ...F } } fragment F on Node { v: value }",
        {"node": {"v": None}},
        [["node", "v"]],
        {"node": {"v": 2}},
    ),
    "the object's field by a fragment on the object": (
        "{ node { ... on Closed { value plain } } }",
        {"node": {"value": None, "plain": 22}},
        [["node", "value"]],
        {"node": {"value": 2, "plain": 22}},
    ),
    "the open implementer's field by a fragment is open": (
        "{ nodes { ... on Open { plain } } }",
        {"nodes": [{"plain": 11}, {}]},
        [],
        {"nodes": [{"plain": 11}, {}]},
    ),
    "a union's member, direct and aliased": (
        "{ any { ... on Closed { value v: value plain } } }",
        {"any": {"value": None, "v": None, "plain": 22}},
        [["any", "value"], ["any", "v"]],
        {"any": {"value": 2, "v": 2, "plain": 22}},
    ),
    "sibling fragments that share a response key are judged one by one": (
        "{ nodes { ... on Open { x: plain } ... on Closed { x: value } } }",
        {"nodes": [{"x": 11}, {"x": None}]},
        [["nodes", 1, "x"]],
        {"nodes": [{"x": 11}, {"x": 2}]},
    ),
    "an entity's field of another subgraph": (
        "{ open { plain hidden } }",
        {"open": {"plain": 11, "hidden": None}},
        [["open", "hidden"]],
        {"open": {"plain": 11, "hidden": 111}},
    ),
    "an interface object's field": (
        "{ node { id note } }",
        {"node": {"id": "2", "note": None}},
        [["node", "note"]],
        {"node": {"id": "2", "note": 9}},
    ),
    "an interface object's field by a fragment on the object": (
        "{ node { ... on Closed { plain note } } }",
        {"node": {"plain": 22, "note": None}},
        [["node", "note"]],
        {"node": {"plain": 22, "note": 9}},
    ),
    "a field that requires a protected one": (
        "{ node { ... on Closed { plain derived } } }",
        {"node": {"plain": 22, "derived": None}},
        [["node", "derived"]],
        {"node": {"plain": 22, "derived": 20}},
    ),
    "a protected type asks wherever it appears": (
        "{ guarded { plain } open { plain } }",
        {"guarded": None, "open": {"plain": 11}},
        [["guarded"]],
        {"guarded": {"plain": 5}, "open": {"plain": 11}},
    ),
}


@pytest.mark.parametrize("title", MATRIX)
async def test_a_protected_value_is_unreachable_without_the_right(title: str) -> None:
    """Nobody sees it by any way; a holder does; the refusal's path is the client's."""
    query, nobody, paths, holder = MATRIX[title]
    gateway = InProcessGateway(_shop())
    refused = await gateway.ask(query)
    assert refused.data == nobody
    assert [error["path"] for error in refused.errors] == paths
    assert set(refused.codes) <= {"UNAUTHORIZED_FIELD_OR_TYPE"}
    allowed = await gateway.ask(query, caller=HOLDER)
    assert allowed.json == {"data": holder}


@pytest.mark.parametrize(
    ("query", "caller", "value"),
    [
        ("{ either }", principal("a"), None),
        ("{ either }", principal("a", "b"), 7),
        ("{ either }", principal("c"), 7),
        ("{ either }", principal("ab", "a b"), None),
        ("{ policed }", principal(policies=("home",)), None),
        ("{ policed }", principal(policies=("home", "vpn")), 6),
        ("{ policed }", principal("office"), None),
        ("{ policed }", None, None),
    ],
)
async def test_scopes_and_policies_are_a_choice_of_whole_sets(
    query: str, caller: Principal | None, value: int | None
) -> None:
    """One set has to be held entirely; policies are no scopes."""
    answer = await InProcessGateway(_shop()).ask(query, caller=caller)
    assert next(iter(answer.data.values())) == value


async def test_what_is_refused_is_not_fetched() -> None:
    """A subgraph that has nothing else to answer is not even asked."""
    gateway = InProcessGateway(_shop())
    answer = await gateway.ask("{ open { hidden } }")
    assert answer.log["involved_subgraphs"] == ["shop"]
    assert all(b"hidden" not in request.body for request in gateway.transport.requests)
