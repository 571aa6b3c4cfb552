"""@override: a field moves from one subgraph to another, at once or by label."""

from __future__ import annotations

import pytest

from gateway.composition import Code, HintCode
from tests.kit.composition import directives_at, error_codes, hint_codes, supergraph

OLD = 'type Query { p: P } type P @key(fields: "id") { id: ID! n: Int }'
NEW = 'type P @key(fields: "id") { id: ID! n: Int @override(from: "a") }'


def test_the_old_subgraph_leaves_no_trace() -> None:
    """Only the new owner has a join field, and the old one is told to clean up."""
    assert directives_at(supergraph(OLD, NEW), "P.n") == ['@join__field(graph: B, override: "a")']
    assert hint_codes(OLD, NEW) == {HintCode.OVERRIDDEN_FIELD_CAN_BE_REMOVED: 1}


@pytest.mark.parametrize(
    "old",
    [
        'type Query { p: P } type P @key(fields: "id") @key(fields: "n") { id: ID! n: Int }',
        'type Query { p: I } interface I { n: Int } type P implements I @key(fields: "id") { id: ID!'
        " n: Int }",
    ],
)
def test_a_field_that_the_old_subgraph_still_needs_is_used_overridden(old: str) -> None:
    """Its key or interface needs the field, so that the subgraph knows it but never resolves it."""
    assert directives_at(supergraph(old, NEW), "P.n") == [
        "@join__field(graph: A, usedOverridden: true)",
        '@join__field(graph: B, override: "a")',
    ]


def test_a_label_is_on_both_sides() -> None:
    """While a migration goes on, both subgraphs resolve; no sharing is asked for."""
    new = NEW.replace('from: "a"', 'from: "a", label: "percent(5)"')
    assert directives_at(supergraph(OLD, new), "P.n") == [
        '@join__field(graph: A, overrideLabel: "percent(5)")',
        '@join__field(graph: B, override: "a", overrideLabel: "percent(5)")',
    ]
    assert hint_codes(OLD, new) == {HintCode.OVERRIDE_MIGRATION_IN_PROGRESS: 1}


@pytest.mark.parametrize("label", ["a", "a-b_c:d.e/f", "percent(0)", "percent(100)", "percent(12.34567890)"])
def test_labels_of_the_right_form_are_taken(label: str) -> None:
    """Names and percentages."""
    assert not error_codes(OLD, NEW.replace('from: "a"', f'from: "a", label: "{label}"'))


@pytest.mark.parametrize(
    "label", ["", "1a", "a b", "percent(101)", "percent(-1)", "percent(1.123456789)", "percent()"]
)
def test_other_labels_are_refused(label: str) -> None:
    """A label that no gateway understands would never become active."""
    assert error_codes(OLD, NEW.replace('from: "a"', f'from: "a", label: "{label}"')) == {
        Code.OVERRIDE_LABEL_INVALID: 1
    }


def test_a_subgraph_cannot_override_itself() -> None:
    """That is a slip of the pen."""
    assert Code.OVERRIDE_FROM_SELF_ERROR in error_codes(OLD, NEW.replace('"a"', '"b"'))


def test_two_subgraphs_cannot_override_each_other() -> None:
    """Nobody would be left."""
    old = OLD.replace("n: Int", 'n: Int @override(from: "b")')
    assert Code.OVERRIDE_SOURCE_HAS_OVERRIDE in error_codes(old, NEW)


def test_an_override_needs_a_resolver() -> None:
    """An external field takes nothing over."""
    new = (
        'type P @key(fields: "id") { id: ID! n: Int @external @override(from: "a") x: Int'
        ' @requires(fields: "n") }'
    )
    assert Code.OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE in error_codes(OLD, new)


def test_a_field_that_requires_or_provides_cannot_be_overridden() -> None:
    """What it asks for would be lost."""
    old = (
        'type Query { p: P } type P @key(fields: "id") { id: ID! e: Int @external n: Int'
        ' @requires(fields: "e")'
        ' q: Q @provides(fields: "z") } type Q @key(fields: "i") { i: ID z: Int @external }'
    )
    new = (
        'type P @key(fields: "id") { id: ID! e: Int n: Int @override(from: "a") q: Q @override(from: "a") }'
        ' type Q @key(fields: "i") { i: ID z: Int @shareable }'
    )
    assert error_codes(old, new)[Code.OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE] == 2


def test_interfaces_and_interface_objects_are_not_overridden() -> None:
    """Their fields are not resolved, or for many types at once."""
    assert error_codes('type Query { i: I } interface I { n: Int @override(from: "b") }') == {
        Code.OVERRIDE_ON_INTERFACE: 1
    }
    assert Code.OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE in error_codes(
        'type Query { i: I } interface I @key(fields: "id") { id: ID! } type A implements I'
        ' @key(fields: "id") { id: ID! }',
        'type I @interfaceObject @key(fields: "id") { id: ID! n: Int @override(from: "a") }',
    )


def test_an_override_of_nothing_is_a_hint() -> None:
    """The source is unknown, or has the field no longer."""
    assert hint_codes(OLD.replace("n: Int", ""), NEW) == {HintCode.OVERRIDE_DIRECTIVE_CAN_BE_REMOVED: 1}
    assert hint_codes(OLD.replace("n: Int", ""), NEW.replace('"a"', '"aa"')) == {
        HintCode.FROM_SUBGRAPH_DOES_NOT_EXIST: 1
    }


def test_protection_of_the_overridden_field_is_not_lost() -> None:
    """What the old owner demanded still holds: a move is no way around access control."""
    old = OLD.replace("n: Int", "n: Int @authenticated")
    assert "@authenticated" in directives_at(supergraph(old, NEW), "P.n")
