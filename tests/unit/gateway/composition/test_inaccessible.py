"""@inaccessible: the visible rest must be a valid schema."""

from __future__ import annotations

import pytest

from gateway.composition import Code
from tests.kit.composition import composed, error_codes


@pytest.mark.parametrize(
    ("sdl", "code"),
    [
        ("type Query @inaccessible { a: Int }", Code.QUERY_ROOT_TYPE_INACCESSIBLE),
        ("type Query { t: T } type T @inaccessible { a: Int }", Code.REFERENCED_INACCESSIBLE),
        ("type Query { a(e: E): Int } enum E @inaccessible { A }", Code.REFERENCED_INACCESSIBLE),
        (
            "type Query { a(i: I): Int } input I { e: E } enum E @inaccessible { A }",
            Code.REFERENCED_INACCESSIBLE,
        ),
        ("type Query { a(x: Int! @inaccessible): Int }", Code.REQUIRED_INACCESSIBLE),
        ("type Query { a(i: I): Int } input I { a: Int b: Int! @inaccessible }", Code.REQUIRED_INACCESSIBLE),
        ("type Query { t: T } type T { a: Int @inaccessible }", Code.ONLY_INACCESSIBLE_CHILDREN),
        ("type Query { e: E } enum E { A @inaccessible }", Code.ONLY_INACCESSIBLE_CHILDREN),
        ("type Query { u: U } union U = T type T @inaccessible { a: Int }", Code.ONLY_INACCESSIBLE_CHILDREN),
        (
            "type Query { a(e: E = A): Int } enum E { A @inaccessible B }",
            Code.DEFAULT_VALUE_USES_INACCESSIBLE,
        ),
        (
            "type Query { a(e: [E!] = [B, A]): Int } enum E { A @inaccessible B }",
            Code.DEFAULT_VALUE_USES_INACCESSIBLE,
        ),
        (
            "type Query { a(i: I = {a: 1}): Int } input I { a: Int @inaccessible b: Int }",
            Code.DEFAULT_VALUE_USES_INACCESSIBLE,
        ),
        (
            "type Query { a(i: I): Int } input I { e: E = A } enum E { A @inaccessible B }",
            Code.DEFAULT_VALUE_USES_INACCESSIBLE,
        ),
        (
            "type Query { i: I } interface I { a: Int b: Int } type T implements I { a: Int"
            " @inaccessible b: Int }",
            Code.IMPLEMENTED_BY_INACCESSIBLE,
        ),
        (
            "type Query { i: I } interface I { a(x: Int): Int } type T implements I { a(x: Int"
            " @inaccessible): Int }",
            Code.IMPLEMENTED_BY_INACCESSIBLE,
        ),
        (
            "type Query { i: I } interface I { a(x: Int! @inaccessible): Int } type T implements I {"
            " a(x: Int!): Int }",
            Code.REQUIRED_INACCESSIBLE,
        ),
    ],
)
def test_a_visible_element_cannot_depend_on_a_hidden_one(sdl: str, code: Code) -> None:
    """Each kind of dependence has its own code."""
    assert code in error_codes(sdl)


def test_hiding_everything_of_a_kind_together_is_fine() -> None:
    """A type with all that refers to it."""
    result = composed(
        "type Query { a: Int t: T @inaccessible b(x: Int @inaccessible, e: E): Int } type T"
        " @inaccessible { a: Int }"
        " enum E { A B @inaccessible } union U @inaccessible = T interface I @inaccessible { a: Int }"
    )
    assert not result.errors
    assert result.api_sdl is not None
    for hidden in ("type T", "union", "interface", "x:", "  B"):
        assert hidden not in result.api_sdl


def test_inaccessible_in_one_subgraph_hides_everywhere() -> None:
    """One subgraph's word is enough."""
    result = composed(
        "type Query { a: Int @shareable b: Int }", "type Query { a: Int @shareable @inaccessible }"
    )
    assert result.api_sdl is not None
    assert "a: Int" not in result.api_sdl


def test_an_inaccessible_field_need_not_be_reachable() -> None:
    """No client can ask for it."""
    assert not error_codes(
        'type Query { p: P } type P @key(fields: "id") { id: ID! }',
        'type P @key(fields: "id", resolvable: false) { id: ID! y: Int @inaccessible }',
    )
