"""Interfaces over several subgraphs, keys on them, and interface objects."""

from __future__ import annotations

from gateway.composition import Code
from tests.kit.composition import directives_at, error_codes, only_error, supergraph

ACCOUNTS = (
    'type Query { i: I } interface I @key(fields: "id") { id: ID! }'
    ' type A implements I @key(fields: "id") { id: ID! a: Int } type B implements I @key(fields:'
    ' "id") { id: ID! }'
)


def test_an_interface_objects_fields_are_copied_to_implementations() -> None:
    """The copies carry a bare join field, and the directives of the original."""
    found = supergraph(
        ACCOUNTS,
        'type I @interfaceObject @key(fields: "id") { id: ID! limit: Int @tag(name: "x") @authenticated }',
    )
    assert directives_at(found, "A.limit") == ["@authenticated", "@join__field", '@tag(name: "x")']
    assert "@join__field(graph: B)" in directives_at(found, "I.limit")
    assert '@join__type(graph: B, key: "id", isInterfaceObject: true)' in directives_at(found, "I")


def test_two_interface_objects_may_share_a_field() -> None:
    """The merged type is common to both, the copy still bare."""
    part = 'type I @interfaceObject @key(fields: "id") { id: ID! z: Int%s @shareable }'
    found = supergraph(ACCOUNTS, part % "", part % "!")
    assert directives_at(found, "A.z") == ["@join__field"]


def test_an_interface_object_needs_a_key_and_an_interface() -> None:
    """Without a key nothing reaches it; without an interface it stands for nothing."""
    assert error_codes(ACCOUNTS, "type I @interfaceObject { id: ID! @shareable x: Int }") == {
        Code.INTERFACE_OBJECT_USAGE_ERROR: 1
    }
    alone = 'type Query { i: I } type I @interfaceObject @key(fields: "id") { id: ID! }'
    assert error_codes(alone) == {Code.INTERFACE_OBJECT_USAGE_ERROR: 1}


def test_an_interface_objects_subgraph_must_not_know_the_implementations() -> None:
    """It could answer both ways."""
    message = only_error(
        ACCOUNTS,
        'type I @interfaceObject @key(fields: "id") { id: ID! } type A @key(fields: "id") { id: ID! }',
    )
    assert message.startswith("INTERFACE_OBJECT_USAGE_ERROR")
    assert '"A"' in message


def test_a_subgraph_with_an_interface_key_knows_all_implementations() -> None:
    """It will be asked for any of them; a key that is not resolvable is no question."""
    more = 'interface I { id: ID! } type C implements I @key(fields: "id") { id: ID! }'
    assert error_codes(ACCOUNTS, more) == {Code.INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE: 1}
    relaxed = ACCOUNTS.replace(
        '@key(fields: "id") { id: ID! } type A', '@key(fields: "id", resolvable: false) { id: ID! } type A'
    )
    assert not error_codes(relaxed, more)


def test_implementations_have_the_interfaces_key() -> None:
    """And resolve it, when the interface does."""
    assert error_codes(ACCOUNTS.replace('A implements I @key(fields: "id")', "A implements I")) == {
        Code.INTERFACE_KEY_NOT_ON_IMPLEMENTATION: 1
    }
    assert error_codes(
        ACCOUNTS.replace(
            'A implements I @key(fields: "id")', 'A implements I @key(fields: "id", resolvable: false)'
        )
    ) == {Code.INTERFACE_KEY_NOT_ON_IMPLEMENTATION: 1}


def test_every_implementation_must_have_every_field_after_the_merge() -> None:
    """An interface may grow in one subgraph, and an implementation of another then lacks a field."""
    message = only_error(
        "type Query { i: I } interface I { x: Int } type A implements I { x: Int }",
        "interface I { x: Int y: Int } type B implements I { x: Int y: Int }",
    )
    assert message.startswith("INTERFACE_FIELD_NO_IMPLEM")
    assert '"I.y"' in message
    assert '"A"' in message


def test_an_argument_that_the_merge_drops_must_not_break_an_implementation() -> None:
    """The merged schema is checked as a schema."""
    assert error_codes(
        "type Query { i: I } interface I { x(a: Int): Int } type A implements I { x(a: Int): Int"
        " @shareable }",
        "type A { x: Int @shareable }",
    ) == {Code.INVALID_GRAPHQL: 1}
