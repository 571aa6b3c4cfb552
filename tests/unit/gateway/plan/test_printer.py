"""Plans as text and as JSON."""

from __future__ import annotations

from gateway.plan.nodes import QueryPlan
from gateway.plan.printer import to_json, to_text
from tests.kit.federation import federation

_FED = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@requires", "@external"]) '
_WORLD = federation(
    clients=(
        _FED
        + 'type Query { clients: [[Client]] any: Any } union Any = Client type Client @key(fields: "id") { id: ID! city: City } type City { uf: String }',
        {},
    ),
    risks=(
        _FED
        + 'type Client @key(fields: "id") { id: ID! city: City @external risk(n: Int): Int @requires(fields: "city { uf }") } type City { uf: String @external }',
        {},
    ),
)


def test_text_says_who_is_asked_for_what_after_what() -> None:
    """One paragraph per fetch; lists are marked with @, type conditions with |[…]."""
    plan = _WORLD.plan("query($n: Int) { clients { risk(n: $n) } any { ... on Client { risk } } }")
    assert to_text(plan) == (
        "fetch 0 clients\n"
        "  { clients { city { uf } id } any { __typename ... on Client { city { uf } id } } }\n"
        "\n"
        "fetch 1 risks after 0\n"
        "  _e0 for clients.@.@ by Client { city { uf } id }\n"
        "  _e1 for any by Client { city { uf } id }\n"
        "  query($representations_0: [_Any!]!, $representations_1: [_Any!]!, $n: Int) {"
        " _e0: _entities(representations: $representations_0) { ... on Client { risk(n: $n) } }"
        " _e1: _entities(representations: $representations_1) { ... on Client { risk } } }\n"
    )


def test_json_has_the_shape_that_tools_know() -> None:
    """Sequence, Fetch, Flatten and requires, as Apollo's tools show them."""
    shown = to_json(_WORLD.plan("{ clients { risk } }"))
    assert shown["kind"] == "QueryPlan"
    node = shown["node"]
    assert isinstance(node, dict)
    assert [item["kind"] for item in node["nodes"]] == ["Fetch", "Flatten"]
    assert node["nodes"][0]["serviceName"] == "clients"
    flatten = node["nodes"][1]
    assert flatten["path"] == ["clients", "@", "@"]
    assert flatten["node"]["requires"] == [
        {
            "kind": "InlineFragment",
            "typeCondition": "Client",
            "selections": [
                {"kind": "Field", "name": "__typename"},
                {"kind": "Field", "name": "city", "selections": [{"kind": "Field", "name": "uf"}]},
                {"kind": "Field", "name": "id"},
            ],
        }
    ]


def test_nothing_to_fetch_is_shown_as_such() -> None:
    """An operation that the gateway answers by itself has an empty plan."""
    empty = _WORLD.plan("{ __typename }")
    assert empty == QueryPlan("query")
    assert to_text(empty) == "nothing to fetch\n"
    assert to_json(empty) == {"kind": "QueryPlan"}
