"""@external copies: used, on objects, and equal to the field that they stand for."""

from __future__ import annotations

import pytest

from gateway.composition import Code
from tests.kit.composition import directives_at, error_codes, supergraph


def two(resolved: str, external: str, requires: str = "x") -> tuple[str, str]:
    types = (
        " interface I { k: Int } type A implements I { k: Int @shareable } type B implements I { k:"
        " Int @shareable }"
        " union U = A | B"
    )
    return (
        f'type Query {{ p: P }} type P @key(fields: "id") {{ id: ID! {resolved} }}{types}',
        f'type P @key(fields: "id") {{ id: ID! {external} @external y: Int @requires(fields:'
        f' "{requires}") }}{types}',
    )


@pytest.mark.parametrize("type_name", ["Int", "Int!", "[Int!]!"])
def test_an_equal_copy_is_fine(type_name: str) -> None:
    """The usual case."""
    assert not error_codes(*two(f"x: {type_name}", f"x: {type_name}"))


@pytest.mark.parametrize(
    ("resolved", "external"), [("Int", "Int!"), ("Int!", "Int"), ("Int", "String"), ("[Int!]", "[Int]")]
)
def test_a_copy_of_another_type_is_refused(resolved: str, external: str) -> None:
    """Nullability counts."""
    assert error_codes(*two(f"x: {resolved}", f"x: {external}")) == {Code.EXTERNAL_TYPE_MISMATCH: 1}


@pytest.mark.parametrize(("resolved", "external"), [("I", "A"), ("A", "I"), ("U", "B")])
def test_a_copy_of_a_related_type_is_refused(resolved: str, external: str) -> None:
    """So does the abstraction."""
    codes = error_codes(*two(f"x: {resolved}", f"x: {external}", "x { __typename }"))
    assert codes == {Code.EXTERNAL_TYPE_MISMATCH: 1}


def test_where_resolving_subgraphs_differ_a_copy_may_follow_any() -> None:
    """One subgraph says Int!, one Int: the external copy may say either."""
    first, external = two("x: Int @shareable", "x: Int!")
    assert not error_codes(first, external, 'type P @key(fields: "id") { id: ID! x: Int! @shareable }')


@pytest.mark.parametrize(
    ("resolved", "external", "code"),
    [
        ("x(a: Int): Int", "x: Int", Code.EXTERNAL_ARGUMENT_MISSING),
        ("x(a: Int): Int", "x(a: Int!): Int", Code.EXTERNAL_ARGUMENT_TYPE_MISMATCH),
        ("x(a: Int): Int", "x(a: String): Int", Code.EXTERNAL_ARGUMENT_TYPE_MISMATCH),
        ("x(a: Int = 1): Int", "x(a: Int = 2): Int", Code.EXTERNAL_ARGUMENT_DEFAULT_MISMATCH),
        ("x(a: Int = 1): Int", "x(a: Int): Int", Code.EXTERNAL_ARGUMENT_DEFAULT_MISMATCH),
        ("x(a: Int): Int", "x(a: Int = 1): Int", Code.EXTERNAL_ARGUMENT_DEFAULT_MISMATCH),
    ],
)
def test_arguments_of_a_copy_must_agree(resolved: str, external: str, code: Code) -> None:
    """Arguments are part of what is external."""
    requires = "x(a: 1)" if "(" in external else "x"
    assert error_codes(*two(resolved, external, requires)) == {code: 1}


def test_an_argument_that_is_laxer_in_the_copy_is_fine() -> None:
    """What the resolving subgraph takes, the copy takes as well."""
    assert not error_codes(*two("x(a: Int!): Int", "x(a: Int): Int", "x(a: 1)"))


def test_someone_must_resolve_the_field() -> None:
    """Externals everywhere are nobody's field."""
    assert error_codes(
        'type Query { p: P } type P @key(fields: "id") { id: ID! x: Int @external y: Int'
        ' @requires(fields: "x") }'
    ) == {Code.EXTERNAL_MISSING_ON_BASE: 1}


def test_an_unused_external_is_refused() -> None:
    """In Federation 2 it is a mistake."""
    first, _ = two("x: Int", "x: Int")
    assert error_codes(first, 'type P @key(fields: "id") { id: ID! x: Int @external }') == {
        Code.EXTERNAL_UNUSED: 1
    }


def test_an_external_that_an_interface_needs_is_used() -> None:
    """The implementation must have the field."""
    assert not error_codes(
        'type Query { i: I } interface I { x: Int } type P implements I @key(fields: "id") { id: ID!'
        " x: Int @external }",
        'type P @key(fields: "id") { id: ID! x: Int }',
    )


def test_interface_fields_are_never_external() -> None:
    """They are not resolved anywhere."""
    assert error_codes("type Query { i: I } interface I { x: Int @external }") == {
        Code.EXTERNAL_ON_INTERFACE: 1
    }


@pytest.mark.parametrize(
    "directive", ['@tag(name: "x")', "@inaccessible", "@authenticated", "@cost(weight: 3)"]
)
def test_a_merged_directive_on_an_external_copy_is_refused(directive: str) -> None:
    """It would have no effect, and somebody believes that it has."""
    first, _ = two("x: Int", "x: Int")
    second = (
        f'type P @key(fields: "id") {{ id: ID! x: Int @external {directive} y: Int @requires(fields: "x") }}'
    )
    assert Code.MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL in error_codes(first, second)


def test_external_on_a_type_marks_the_fields_of_that_block_only() -> None:
    """An extension of the type is not meant."""
    found = supergraph(
        'type Query { p: P @provides(fields: "v { a }") } type P @key(fields: "id") { id: ID! v: V'
        " @shareable }"
        " type V @external { a: Int } extend type V @shareable { b: Int }",
        'type P @key(fields: "id") { id: ID! v: V @shareable } type V @shareable { a: Int b: Int }',
    )
    assert directives_at(found, "V.a") == ["@join__field(graph: A, external: true)", "@join__field(graph: B)"]
    assert directives_at(found, "V.b") == []


def test_a_key_marked_external_on_an_extension_is_resolved() -> None:
    """`extend type P @key { id @external }` gives no external join field."""
    found = supergraph(
        'type Query { p: P } type P @key(fields: "id") { id: ID! }',
        'extend type P @key(fields: "id") { id: ID! @external y: Int }',
    )
    assert directives_at(found, "P.id") == []


def test_a_key_marked_external_on_a_definition_stays_external() -> None:
    """Only extensions have that habit."""
    found = supergraph(
        'type Query { p: P } type P @key(fields: "id") { id: ID! }',
        'type P @key(fields: "id") { id: ID! @external y: Int }',
    )
    assert directives_at(found, "P.id") == [
        "@join__field(graph: A)",
        "@join__field(graph: B, external: true)",
    ]


def test_an_external_field_provides_nothing() -> None:
    """The two directives contradict each other."""
    assert Code.EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE in error_codes(
        'type Query { p: P } type P @key(fields: "id") { id: ID! v: V @shareable } type V @shareable'
        " { q: Int }",
        'type P @key(fields: "id") { id: ID! v: V @external @provides(fields: "q")'
        ' r: Int @requires(fields: "v { q }") } type V @shareable { q: Int @external }',
    )
