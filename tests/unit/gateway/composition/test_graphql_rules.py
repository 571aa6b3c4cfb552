"""INVALID_GRAPHQL and the root types: what is no GraphQL schema is told with its place."""

from __future__ import annotations

import pytest

from gateway.composition import Code
from tests.kit.composition import composed, error_codes, fed1, only_error, supergraph


@pytest.mark.parametrize(
    ("sdl", "told"),
    [
        ("type Query { a: ", "Syntax Error"),
        ("type Query { a: Unknown }", 'Unknown type "Unknown"'),
        ("type Query { a: Strin }", 'Did you mean "String"?'),
        ("type Query { a(b: Unknown): Int }", 'Unknown type "Unknown"'),
        ("type Query { a: U } union U = Nobody", 'Unknown type "Nobody"'),
        ("type Query implements Nobody { a: Int }", 'Unknown type "Nobody"'),
        ("directive @x(a: Nobody) on FIELD type Query { a: Int }", 'Unknown type "Nobody"'),
        ("type Query { a: In } input In { a: Int }", "must be an output type"),
        ("type Query { a(b: T): Int } type T { a: Int }", "must be an input type"),
        ("type Query { a: U } union U = In input In { a: Int }", "only object types can"),
        ("type Query { a: Int } type T", "one or more fields"),
        ("type Query { a: Int } enum E", "one or more values"),
        ("type Query { a: Int } union U", "one or more members"),
        ("type Query { a: Int } type __T { a: Int }", 'must not begin with "__"'),
        ("type Query { a: Int @unknown }", "Unknown directive"),
        ("type Query { a: Int @deprecated(why: 1) }", "Unknown argument"),
        ("type Query { a: Int a: String }", "can only be defined once"),
        ("type Query { a: Int } type Query { b: Int }", "only one type named"),
        ("type Query { a: Int } extend enum Query { A }", "cannot be extended as"),
        ("type Query { a: Int } input In { a: In! }", "cannot hold itself"),
        ("type Query { a: Int } input A { b: B! } input B { a: A! }", "cannot hold itself"),
        ("interface Query { a: Int }", "must be an object type"),
        ("type Query implements T { a: Int } type T { a: Int }", "can only implement interfaces"),
        ("type Query { a: Int } interface I implements I { a: Int }", "cannot implement itself"),
        ("interface I { b: Int } type Query implements I { a: Int }", "does not provide it"),
        ("interface I { a: Int! } type Query implements I { a: Int }", "is of type"),
        ("interface I { a(x: Int): Int } type Query implements I { a: Int }", "does not provide it"),
        ("interface I { a(x: Int): Int } type Query implements I { a(x: ID): Int }", "is of type"),
        ("interface I { a: Int } type Query implements I { a(x: Int!): Int }", "must not be required"),
        (
            "interface J { a: Int } interface I implements J { a: Int } type Query implements I { a: Int }",
            "must implement",
        ),
    ],
)
def test_a_broken_schema_is_refused_with_place_and_reason(sdl: str, told: str) -> None:
    """Each rule gives INVALID_GRAPHQL with subgraph, line and column."""
    errors = composed(fed1("credito", sdl)).errors
    assert {e.code for e in errors} == {Code.INVALID_GRAPHQL}
    assert any(told in e.message for e in errors)
    assert all(place.subgraph == "credito" and place.line == 1 for e in errors for place in e.locations)


def test_errors_of_several_subgraphs_are_told_at_once() -> None:
    """One broken subgraph does not hide another."""
    errors = composed(fed1("a", "type Query { a: "), fed1("b", "type Query { b: Foo }")).errors
    assert {place.subgraph for e in errors for place in e.locations} == {"a", "b"}


def test_a_deeply_nested_sdl_is_refused_and_not_a_crash() -> None:
    """Ten thousand brackets are bad input, not a stack overflow."""
    depth = 10_000
    assert error_codes(fed1("a", f"type Query {{ a: {'[' * depth}Int{']' * depth} }}")) == {
        Code.INVALID_GRAPHQL: 1
    }


def test_recursive_input_objects_with_an_end_are_fine() -> None:
    """A nullable or list step breaks the circle."""
    assert not error_codes("type Query { a(x: A): Int } input A { b: B } input B { a: A! c: [B!]! }")


def test_root_types_get_their_usual_names() -> None:
    """A subgraph may call its query root anything."""
    found = supergraph(
        fed1(
            "a", "schema { query: Raiz mutation: Acoes } type Raiz { r: Raiz a: Int } type Acoes { m: Raiz }"
        )
    )
    assert "Raiz" not in found
    assert {"Query", "Mutation"} <= set(found)


@pytest.mark.parametrize("kind", ["query", "mutation", "subscription"])
def test_a_root_name_cannot_belong_to_another_type(kind: str) -> None:
    """`Mutation` beside another mutation root would become ambiguous."""
    sdl = f"schema {{ {kind}: Raiz }} type Raiz {{ a: Int }} type {kind.title()} {{ b: Int }}"
    sdl += "" if kind == "query" else " extend schema { query: Query } type Query { c: Int }"
    assert Code[f"ROOT_{kind.upper()}_USED"] in error_codes(fed1("a", sdl))


def test_a_supergraph_needs_a_query() -> None:
    """Subgraphs with nothing to ask for do not compose; nor does nothing."""
    assert error_codes("type A { x: Int }") == {Code.NO_QUERIES: 1}
    assert [e.code for e in composed().errors] == [Code.NO_QUERIES]


def test_locations_point_into_the_subgraphs_own_text() -> None:
    """Line and column are those of the SDL as it was given."""
    message = only_error(fed1("a", "type Query {\n  ok: Int\n  erro: Nada\n}"))
    assert message.endswith("(a:3:3)")
