"""Merging types and fields: kinds, output types, unions, descriptions."""

from __future__ import annotations

import pytest
from graphql import language as ast
from graphql import print_ast

from gateway.composition import Code, HintCode
from tests.kit.composition import directives_at, error_codes, hint_codes, only_error, supergraph

HELPERS = (
    " interface I { k: Int } type A implements I { k: Int @shareable } type B implements I { k: Int"
    " @shareable }"
    " union U = A | B"
)


def field_type(found: dict[str, ast.DefinitionNode], type_name: str, field: str) -> str:
    owner = found[type_name]
    assert isinstance(owner, ast.ObjectTypeDefinitionNode | ast.InputObjectTypeDefinitionNode)
    return next(print_ast(f.type) for f in owner.fields or () if f.name.value == field)


def test_one_name_is_one_kind() -> None:
    """The error lists who says what."""
    message = only_error(
        "type Query { p: P } type P { a: Int }", "interface P { a: Int }", "type P { b: Int }"
    )
    assert message.startswith("TYPE_KIND_MISMATCH")
    assert 'Object Type in subgraphs "a" and "c" but Interface Type in subgraph "b"' in message


@pytest.mark.parametrize(
    ("first", "second", "merged"),
    [
        ("Int", "Int!", "Int"),
        ("[Int!]!", "[Int]", "[Int]"),
        ("I", "A", "I"),
        ("A!", "U", "U"),
        ("[A!]", "[I]", "[I]"),
    ],
)
def test_the_most_general_type_wins(first: str, second: str, merged: str) -> None:
    """Both join fields carry the subgraphs' own types, and authors get a hint."""
    subgraphs = [f"type Query {{ x: {t} @shareable i: I @shareable }}{HELPERS}" for t in (first, second)]
    found = supergraph(*subgraphs)
    assert field_type(found, "Query", "x") == merged
    assert directives_at(found, "Query.x") == [
        f'@join__field(graph: A, type: "{first}")',
        f'@join__field(graph: B, type: "{second}")',
    ]
    assert hint_codes(*subgraphs)[HintCode.INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE] == 1


@pytest.mark.parametrize(
    ("first", "second"), [("Int", "String"), ("[Int!]", "[Int]!"), ("A", "B"), ("Int", "[Int]"), ("I", "U")]
)
def test_types_without_a_common_one_are_refused(first: str, second: str) -> None:
    """Neither holds the values of the other."""
    subgraphs = [f"type Query {{ x: {t} @shareable }}{HELPERS}" for t in (first, second)]
    assert error_codes(*subgraphs) == {Code.FIELD_TYPE_MISMATCH: 1}


def test_types_are_sorted_and_fields_keep_their_order() -> None:
    """Types by name, fields as their authors order them, subgraph after subgraph."""
    found = supergraph(
        "type Query { z: Z @shareable a: Int } type Z @shareable { z: Int a: Int }",
        "type Query { z: Z @shareable } type Z @shareable { b: Int z: Int a: Int }",
    )
    names = [name for name in found if not name.startswith("@") and name != "schema"]
    assert names == sorted(names)
    value = found["Z"]
    assert isinstance(value, ast.ObjectTypeDefinitionNode)
    assert [f.name.value for f in value.fields or ()] == ["z", "a", "b"]


def test_a_union_has_the_members_of_all() -> None:
    """Who knows which member is recorded, and hinted at."""
    subgraphs = (
        "type Query { u: U @shareable } union U = A | B type A @shareable { x: Int } type B { x: Int }",
        "type Query { u: U @shareable } union U = A | C type A @shareable { x: Int } type C { x: Int }",
    )
    found = supergraph(*subgraphs)
    assert directives_at(found, "U")[2:] == [
        '@join__unionMember(graph: A, member: "A")',
        '@join__unionMember(graph: A, member: "B")',
        '@join__unionMember(graph: B, member: "A")',
        '@join__unionMember(graph: B, member: "C")',
    ]
    hints = hint_codes(*subgraphs)
    assert hints[HintCode.INCONSISTENT_UNION_MEMBER] == 2
    assert hints[HintCode.INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN] == 1


def test_an_extension_needs_a_definition_somewhere() -> None:
    """`extend type` of nothing is a typing error in a name."""
    assert error_codes("type Query { p: P } extend type P { a: Int }") == {Code.EXTENSION_WITH_NO_BASE: 1}
    assert error_codes("type Query { u: U } extend union U = A type A { x: Int }") == {
        Code.EXTENSION_WITH_NO_BASE: 1
    }
    assert not error_codes("extend type Query { a: Int }")


def test_the_most_frequent_description_wins() -> None:
    """Ties go to the first subgraph; differing ones are hinted at."""
    subgraphs = (
        'type Query { "um" a: Int @shareable "só" b: Int }',
        'type Query { "dois" a: Int @shareable }',
        'type Query { "dois" a: Int @shareable }',
    )
    query = supergraph(*subgraphs)["Query"]
    assert isinstance(query, ast.ObjectTypeDefinitionNode)
    assert [f.description and f.description.value for f in query.fields or ()] == ["dois", "só"]
    assert hint_codes(*subgraphs) == {HintCode.INCONSISTENT_DESCRIPTION: 1}


def test_differences_of_value_types_are_hints() -> None:
    """Fields and entities that only some subgraphs know."""
    assert hint_codes(
        'type Query { v: V e: E } type V @shareable { x: Int y: Int } type E @key(fields: "id") { id: ID }',
        "type V @shareable { x: Int } type E { id: ID @shareable }",
    ) == {HintCode.INCONSISTENT_OBJECT_VALUE_TYPE_FIELD: 1, HintCode.INCONSISTENT_ENTITY: 1}
    assert hint_codes(
        "type Query { i: I } interface I { x: Int y: Int } type A implements I { x: Int y: Int }",
        "interface I { x: Int }",
    ) == {HintCode.INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD: 1}


def test_implementations_are_recorded_per_subgraph() -> None:
    """A subgraph may not know that a type implements an interface."""
    found = supergraph(
        "type Query { i: I } interface I { x: Int } type A implements I @shareable { x: Int }",
        "type A @shareable { x: Int }",
    )
    assert '@join__implements(graph: A, interface: "I")' in directives_at(found, "A")
    assert len([d for d in directives_at(found, "A") if "implements" in d]) == 1
