"""Every query that the supergraph allows can be resolved; else the error shows one that cannot."""

from __future__ import annotations

import pytest
from graphql import parse

from gateway.composition import Code
from gateway.composition.reach import walk
from tests.kit.composition import composed, error_codes, only_error


def query_of(message: str) -> str:
    return message.split("query:\n", 1)[1].split("\nbecause:", 1)[0]


def test_a_field_of_a_value_type_that_one_cannot_get_to() -> None:
    """The error shows the query, the reasons and the place of the field."""
    message = only_error(
        "type Query { a: V } type V { x: Int @shareable }",
        "type Query { b: V } type V { x: Int @shareable y: Int }",
    )
    assert query_of(message) == "{\n  a {\n    y\n  }\n}"
    assert 'from subgraph "a": cannot find field "V.y"' in message
    assert 'type "V" has no resolvable @key there' in message
    assert message.endswith("(b:2:48)")


def test_the_query_in_an_error_is_valid_graphql() -> None:
    """With type conditions, required arguments of every kind, and the operation's type."""
    result = composed(
        "type Query { z: Int } type Mutation { m(i: In!, e: E!, l: [Int!]!, s: S!, id: ID!): U }"
        " input In { a: Int! b: In c: String! d: E! n: Inner! } input Inner { f: Float! } enum E { A"
        " } scalar S"
        " union U = T | W type T { w(x: Boolean!): W @shareable } type W { x: Int @shareable }",
        "type T { w(x: Boolean!): W @shareable y: W } type W { x: Int @shareable }",
    )
    assert [e.code for e in result.errors] == [Code.SATISFIABILITY_ERROR]
    text = query_of(result.errors[0].message)
    parse(text)
    assert text.startswith("mutation {")
    assert "... on T" in text
    assert "y { __typename }" in text


@pytest.mark.parametrize(
    ("subgraphs", "satisfiable"),
    [
        # A key leads on, in one or several hops, through what each subgraph knows.
        (
            (
                'type Query { t: T } type T @key(fields: "id") { id: ID }',
                'type T @key(fields: "id") { id: ID y: Int }',
            ),
            True,
        ),
        (
            (
                'type Query { t: T } type T @key(fields: "id") { id: ID }',
                'type T @key(fields: "id") @key(fields: "sku") { id: ID sku: ID }',
                'type T @key(fields: "sku") { sku: ID z: Int }',
            ),
            True,
        ),
        # Key fields may come from several subgraphs.
        (
            (
                'type Query { t: T } type T @key(fields: "id") { id: ID }',
                'type T @key(fields: "id") { id: ID a: Int @shareable }',
                'type T @key(fields: "id") { id: ID b: Int @shareable }',
                'type T @key(fields: "a b") { a: Int b: Int z: Int }',
            ),
            True,
        ),
        # A key that is not resolvable, or that nobody can tell, does not lead on.
        (
            (
                'type Query { t: T } type T @key(fields: "id") { id: ID }',
                'type T @key(fields: "id", resolvable: false) { id: ID y: Int }',
            ),
            False,
        ),
        (
            (
                'type Query { t: T } type T @key(fields: "id") { id: ID }',
                'type T @key(fields: "other") { other: ID y: Int }',
            ),
            False,
        ),
        # A nested key needs the nested fields.
        (
            (
                'type Query { p: P } type P @key(fields: "o { id }") { o: O } type O { id: ID @shareable }',
                'type P @key(fields: "o { id }") { o: O y: Int } type O { id: ID @shareable n: Int'
                " @shareable }",
                'type P @key(fields: "o { n }") { o: O z: Int } type O { n: Int @shareable id: ID'
                " @shareable }",
            ),
            True,
        ),
        # @requires is fetched elsewhere and brought back by a key.
        (
            (
                'type Query { t: T } type T @key(fields: "id") { id: ID x: Int @external y: Int'
                ' @requires(fields: "x") }',
                'type T @key(fields: "id") { id: ID x: Int }',
            ),
            True,
        ),
        (
            (
                'type Query { t: T } type T @key(fields: "id", resolvable: false) { id: ID x: Int'
                ' @external y: Int @requires(fields: "x") }',
                'type T @key(fields: "id") { id: ID x: Int }',
            ),
            False,
        ),
        # Chains of @requires end; circles do not.
        (
            (
                'type Query { t: T } type T @key(fields: "id") { id: ID x: Int @external y: Int'
                ' @requires(fields: "x") }',
                'type T @key(fields: "id") { id: ID z: Int @external x: Int @requires(fields: "z") }',
                'type T @key(fields: "id") { id: ID z: Int }',
            ),
            True,
        ),
        (
            (
                'type Query { t: T } type T @key(fields: "id") { id: ID x: Int @external y: Int'
                ' @requires(fields: "x") }',
                'type T @key(fields: "id") { id: ID x: Int @requires(fields: "y") y: Int @external }',
            ),
            False,
        ),
        # What is required may be fetched before one moves, even if there is no way back.
        (
            (
                'type Query { t: T } type T @key(fields: "id sku") { id: ID! sku: ID! x: Int }',
                'type T @key(fields: "id") { id: ID! y: Int @requires(fields: "x") x: Int @external }',
            ),
            True,
        ),
        # @provides lends a field below one path only.
        (
            (
                'type Query { p: P @provides(fields: "y") } type P { x: Int @shareable y: Int @external }',
                "type Query { z: P } type P { x: Int @shareable y: Int @shareable }",
            ),
            True,
        ),
        (
            (
                'type Query { p: P @provides(fields: "y") q: P } type P { x: Int @shareable y: Int'
                " @external }",
                "type Query { z: P } type P { x: Int @shareable y: Int @shareable }",
            ),
            False,
        ),
        # Interfaces: every runtime type counts by itself.
        (
            (
                "type Query { i: I } interface I { x: Int } type A implements I { x: Int @shareable }",
                "interface I { x: Int y: Int } type A implements I { x: Int @shareable y: Int }",
            ),
            False,
        ),
        # Interface objects: someone else must know the types.
        (
            (
                'type Query { z: Int } interface I @key(fields: "id") { id: ID } type A implements I'
                ' @key(fields: "id") { id: ID a: Int }',
                'type Query { i: I } type I @interfaceObject @key(fields: "id") { id: ID y: Int }',
            ),
            True,
        ),
        (
            (
                'type Query { z: Int } interface I @key(fields: "id", resolvable: false) { id: ID }'
                ' type A implements I @key(fields: "id", resolvable: false) { id: ID }',
                'type Query { i: I } type I @interfaceObject @key(fields: "id") { id: ID y: Int }',
            ),
            False,
        ),
        # The query root can be entered again from everywhere.
        (("type Query { p: P } type P { query: Query }", "type Query { z: Int }"), True),
        # Overrides: without a label for good, with one both ways.
        (
            (
                'type Query { p: P } type P @key(fields: "id") { id: ID! x: Int }',
                'type P @key(fields: "id", resolvable: false) { id: ID! x: Int @override(from: "a") }',
            ),
            False,
        ),
        (
            (
                'type Query { p: P } type P @key(fields: "id") { id: ID! x: Int }',
                'type P @key(fields: "id", resolvable: false) { id: ID! x: Int @override(from: "a",'
                ' label: "l") }',
            ),
            False,
        ),
        (
            (
                'type Query { p: P } type P @key(fields: "id") { id: ID! x: Int }',
                'type P @key(fields: "id") { id: ID! x: Int @override(from: "a", label: "l") }',
            ),
            True,
        ),
    ],
)
def test_what_can_be_resolved(subgraphs: tuple[str, ...], satisfiable: bool) -> None:
    """Composition accepts exactly what a planner can plan."""
    codes = error_codes(*subgraphs)
    assert set(codes) == (set() if satisfiable else {Code.SATISFIABILITY_ERROR})


def test_every_unresolvable_field_is_reported_once() -> None:
    """By its first, shortest path."""
    result = composed(
        "type Query { a: V b: V w: W } type W { v: V } type V { x: Int @shareable }",
        "type Query { c: V } type V { x: Int @shareable y: Int z: Int }",
    )
    assert [query_of(e.message).count("\n") for e in result.errors] == [4, 4]


def test_shared_fields_need_a_common_runtime_type() -> None:
    """Otherwise they cannot resolve the same way."""
    assert error_codes(
        "type Query { u: U @shareable } union U = B type B { b: Int }",
        "type Query { u: U @shareable } union U = C type C { c: Int }",
    ) == {Code.SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES: 1}


def test_recursive_types_are_walked_once() -> None:
    """Mutually recursive types over many subgraphs end, and compose."""
    count = 12
    subgraphs = [
        f"type Query {{ q{i}: E0 }} "
        + " ".join(
            f'type E{k} @key(fields: "id") {{ id: ID! f{i}_{k}: E{(k + 1) % count} }}' for k in range(count)
        )
        for i in range(10)
    ]
    assert not error_codes(*subgraphs)


def test_a_walk_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is far above real graphs, and has its own error."""
    monkeypatch.setattr(walk, "MAX_VISITS", 2)
    assert error_codes("type Query { a: A } type A { b: B } type B { c: C } type C { x: Int }") == {
        Code.MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED: 1
    }


SHARED_MUTATION = (
    "type Query {{ {0}: Int }} type Mutation {{ open(cpf: ID!): Opening @shareable }}"
    " type Opening @shareable {{ {1} account: Account }}"
    ' type Account @key(fields: "id") {{ id: ID! {2}: Int }}'
)


def test_a_shared_mutation_that_no_subgraph_can_serve_alone_is_refused() -> None:
    """It runs once, so parts of a result without key cannot come from two subgraphs."""
    message = only_error(
        SHARED_MUTATION.format("a", "branch: ID", "x"), SHARED_MUTATION.format("b", "number: ID", "y")
    )
    assert message.startswith("SATISFIABILITY_ERROR")
    assert 'No subgraph can serve all of "Mutation.open" alone' in message
    assert query_of(message).startswith('mutation {\n  open(cpf: "id") {')


def test_a_shared_mutation_that_one_subgraph_can_serve_alone_composes() -> None:
    """What is missing there comes by keys."""
    assert not error_codes(
        SHARED_MUTATION.format("a", "branch: ID number: ID", "x"),
        SHARED_MUTATION.format("b", "number: ID", "y"),
    )
