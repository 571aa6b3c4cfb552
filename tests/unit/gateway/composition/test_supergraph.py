"""The shape of the supergraph document."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import language as ast
from graphql import parse

from gateway.composition import SubgraphInput, compose
from gateway.supergraph import loader
from tests.kit.composition import composed, directives_at, fed2, supergraph

CONTRACTS = Path(__file__).parents[3] / "contract"


def contract_subgraphs() -> list[SubgraphInput]:
    names = ("customer", "rating", "activity")
    return [SubgraphInput(n, f"http://{n}.local", (CONTRACTS / f"{n}.graphql").read_text()) for n in names]


def test_the_three_contracts_compose_to_a_supergraph_that_the_gateway_loads() -> None:
    """The project's own subgraphs give a supergraph without errors or hints, and it can be served."""
    result = compose(contract_subgraphs())
    assert result.errors == ()
    assert result.hints == ()
    assert result.supergraph_sdl is not None
    loader.load(result.supergraph_sdl)


def test_output_does_not_depend_on_the_order_of_the_inputs() -> None:
    """The same subgraphs in another order give the same bytes."""
    forward = compose(contract_subgraphs())
    backward = compose(contract_subgraphs()[::-1])
    assert forward == backward


def test_mutations_that_only_the_router_calls_are_hidden_from_the_api() -> None:
    """The API schema of the contracts has no sync mutation, no join type and no applied directive."""
    api = compose(contract_subgraphs()).api_sdl
    assert api is not None
    names = {n.name.value for n in parse(api).definitions if isinstance(n, ast.TypeDefinitionNode)}
    assert {"Customer", "Rating", "ActivityEvent"} <= names
    assert "applyProfile" not in api
    assert "join__" not in api
    assert "@" not in api.replace("@deprecated", "")


def test_link_and_join_are_declared() -> None:
    """A supergraph links link v1.0 and join v0.5, the latter for execution."""
    assert directives_at(supergraph("type Query { a: Int }"), "schema") == [
        '@link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)',
        '@link(url: "https://specs.apollo.dev/link/v1.0")',
    ]


def test_only_used_specifications_are_linked() -> None:
    """Security specifications carry their purpose, so that a gateway must understand them."""
    found = supergraph(
        'type Query { a: Int @tag(name: "x") b: Int @inaccessible c: Int @authenticated'
        ' d: [Int] @listSize(assumedSize: 3) @cost(weight: 2) e: Int @policy(policies: [["p"]])'
        ' f: Int @requiresScopes(scopes: [["s"]]) }'
    )
    assert directives_at(found, "schema") == [
        '@link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)',
        '@link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@listSize"])',
        '@link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)',
        '@link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)',
        '@link(url: "https://specs.apollo.dev/link/v1.0")',
        '@link(url: "https://specs.apollo.dev/policy/v0.1", for: SECURITY)',
        '@link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)',
        '@link(url: "https://specs.apollo.dev/tag/v0.3")',
    ]
    assert {
        "@tag",
        "@inaccessible",
        "@authenticated",
        "@cost",
        "@listSize",
        "@policy",
        "@requiresScopes",
    } <= set(found)


def test_graph_names_are_graphql_names_and_all_different() -> None:
    """Names that differ only in characters an enum value cannot have are numbered."""
    names = ("a-b", "9x", "a_b", "x1", "x_1", "A_B_1")
    shared = [fed2(name, "type Query { a: Int @shareable }") for name in names]
    enum = supergraph(*shared)["join__Graph"]
    assert isinstance(enum, ast.EnumTypeDefinitionNode)
    assert {value.name.value for value in enum.values or ()} == {
        "_9X",
        "A_B_1",
        "A_B_2",
        "A_B_1_",
        "X1",
        "X_1_",
    }


@pytest.mark.parametrize("name", ["", "_"])
def test_a_subgraph_needs_a_name(name: str) -> None:
    """An empty name and the reserved one are refused."""
    errors = composed(SubgraphInput(name, "", "type Query { a: Int }")).errors
    assert [e.code for e in errors] == ["INVALID_SUBGRAPH_NAME"]


def test_two_subgraphs_cannot_have_one_name() -> None:
    """A repeated name is refused, rather than one of the two dropped."""
    errors = composed(fed2("a", "type Query { a: Int }"), fed2("a", "type Query { b: Int }")).errors
    assert [e.code for e in errors] == ["INVALID_SUBGRAPH_NAME"]


def test_a_plain_shared_field_carries_no_join_field() -> None:
    """A field that every subgraph with the type resolves alike needs no directive."""
    found = supergraph("type Query { a: Int @shareable }", "type Query { a: Int @shareable }")
    assert directives_at(found, "Query.a") == []


def test_every_key_has_its_own_join_type() -> None:
    """Keys, non-resolvable keys, and extensions appear on the type, one application each."""
    found = supergraph(
        'type Query { c: C } type C @key(fields: "id") @key(fields: "cpf", resolvable: false) { id:'
        " ID! cpf: ID! }",
        'extend type C @key(fields: "id") { id: ID! @external score: Int }',
    )
    assert directives_at(found, "C") == [
        '@join__type(graph: A, key: "cpf", resolvable: false)',
        '@join__type(graph: A, key: "id")',
        '@join__type(graph: B, key: "id", extension: true)',
    ]
    assert directives_at(found, "C.score") == ["@join__field(graph: B)"]


def test_requires_provides_and_external_are_written_on_the_field() -> None:
    """Field sets come out in canonical spacing."""
    found = supergraph(
        'type Query { c: C } type C @key(fields: "id") { id: ID! debt: D @shareable } type D { sum:'
        " Int @shareable }",
        'type Query { d: C @provides(fields: "debt{sum}") }'
        ' type C @key(fields: "id") { id: ID! debt: D @external ratio: Int @requires(fields: "debt  {sum}") }'
        " type D { sum: Int @external }",
    )
    assert directives_at(found, "C.debt") == [
        "@join__field(graph: A)",
        "@join__field(graph: B, external: true)",
    ]
    assert directives_at(found, "C.ratio") == ['@join__field(graph: B, requires: "debt { sum }")']
    assert directives_at(found, "Query.d") == ['@join__field(graph: B, provides: "debt { sum }")']


def test_cache_tags_are_carried_per_subgraph() -> None:
    """@cacheTag goes through as join__directive, one for all subgraphs that say the same."""
    found = supergraph(
        'type Query { c: C @cacheTag(format: "c") @shareable } type C @key(fields: "id") { id: ID! }',
        'type Query { c: C @cacheTag(format: "c") @shareable } type C @key(fields: "id") { id: ID! }',
    )
    assert directives_at(found, "Query.c") == [
        '@join__directive(graphs: [A, B], name: "federation__cacheTag", args: { format: "c" })'
    ]


def test_descriptions_and_unusual_text_survive() -> None:
    """Descriptions with quotes, backslashes and line breaks parse back to themselves."""
    text = 'Diz "olá" \\ e\nsegue: """fim"""'
    sdl = f'type Query {{ "{"x"}" a(b: String = "q\\"uo\\\\te\\n"): Int }}'
    found = supergraph(sdl)
    query = found["Query"]
    assert isinstance(query, ast.ObjectTypeDefinitionNode)
    field = (query.fields or ())[0]
    default = (field.arguments or ())[0].default_value
    assert isinstance(default, ast.StringValueNode)
    assert default.value == 'q"uo\\te\n'
    block = text.replace('"""', '\\"""')
    described = supergraph(f'"""\n{block}\n"""\ntype Query {{ a: Int }}')["Query"]
    assert isinstance(described, ast.ObjectTypeDefinitionNode)
    assert described.description is not None
    assert described.description.value == text
