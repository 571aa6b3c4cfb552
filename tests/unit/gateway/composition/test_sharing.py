"""@shareable: who resolves a field together must say so."""

from __future__ import annotations

import pytest

from gateway.composition import Code
from tests.kit.composition import error_codes, only_error

ROOT = "type Query { v: V }"


@pytest.mark.parametrize(
    ("first", "second", "accepted"),
    [
        ("type V { x: Int }", "type V { x: Int }", False),
        ("type V { x: Int @shareable }", "type V { x: Int }", False),
        ("type V { x: Int @shareable }", "type V { x: Int @shareable }", True),
        ("type V @shareable { x: Int }", "type V { x: Int @shareable }", True),
        ("type V @shareable { y: Int } extend type V { x: Int }", "type V { x: Int @shareable }", False),
        ('type V @key(fields: "x") { x: Int }', 'type V @key(fields: "x") { x: Int }', True),
        ('type V @key(fields: "x") { x: Int }', "type V { x: Int @shareable }", True),
        ("interface V { x: Int }", "interface V { x: Int }", True),
    ],
)
def test_every_subgraph_that_resolves_a_field_must_share_it(first: str, second: str, accepted: bool) -> None:
    """Keys and interfaces are exempt; a type's @shareable counts for its own block only."""
    codes = error_codes(f"{ROOT} {first}", second)
    assert (not codes) is accepted
    assert set(codes) <= {Code.INVALID_FIELD_SHARING}


def test_the_error_names_who_resolves_and_who_does_not_share() -> None:
    """All subgraphs and places are in the message."""
    message = only_error(f"{ROOT} type V {{ x: Int @shareable }}", "type V { x: Int }")
    assert 'resolved from "a", "b"' in message
    assert 'non-shareable in "b"' in message
    assert "b:2:10" in message


def test_what_a_provides_lends_must_be_shared_by_its_owner() -> None:
    """A field that another subgraph resolves below a @provides is resolved twice."""
    lending = (
        'type Query { p: P @provides(fields: "n") } type P @key(fields: "id") { id: ID! n: Int @external }'
    )
    assert error_codes(lending, 'type P @key(fields: "id") { id: ID! n: Int }') == {
        Code.INVALID_FIELD_SHARING: 1
    }
    assert not error_codes(lending, 'type P @key(fields: "id") { id: ID! n: Int @shareable }')


def test_an_interface_object_resolves_for_the_implementations() -> None:
    """Its field and the implementation's own are the same field."""
    message = only_error(
        'type Query { i: I } interface I @key(fields: "id") { id: ID! } type A implements I'
        ' @key(fields: "id") { id: ID! z: Int }',
        'type I @interfaceObject @key(fields: "id") { id: ID! z: Int }',
    )
    assert "INVALID_FIELD_SHARING" in message
    assert '(through @interfaceObject field "I.z")' in message


@pytest.mark.parametrize(
    "sdl",
    [
        "interface I { a: Int @shareable } type Query { i: I }",
        "type Query { a: Int @shareable @shareable }",
        "type Query @shareable @shareable { a: Int }",
    ],
)
def test_pointless_uses_are_refused(sdl: str) -> None:
    """On interface fields, and twice in one place."""
    assert error_codes(sdl) == {Code.INVALID_SHAREABLE_USAGE: 1}


def test_definition_and_extension_may_each_share() -> None:
    """That is why the directive is repeatable."""
    assert not error_codes("type Query @shareable { a: Int } extend type Query @shareable { b: Int }")
