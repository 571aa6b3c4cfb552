"""Enums by their use, input objects by intersection."""

from __future__ import annotations

import pytest
from graphql import language as ast

from gateway.composition import Code, HintCode
from tests.kit.composition import directives_at, error_codes, hint_codes, supergraph


def enums(use: str, first: str, second: str) -> tuple[str, str]:
    return f"type Query {{ {use} }} enum E {{ {first} }}", f"enum E {{ {second} }}"


def values(use: str, first: str, second: str) -> list[str]:
    found = supergraph(*enums(use, first, second))["E"]
    assert isinstance(found, ast.EnumTypeDefinitionNode)
    return [v.name.value for v in found.values or ()]


OUTPUT, INPUT, BOTH = "o: E", "i(e: E): Int", "o: E i(e: E): Int"


def test_an_output_enum_has_all_values() -> None:
    """A client may get any of them."""
    assert values(OUTPUT, "A B", "B C") == ["A", "B", "C"]
    assert hint_codes(*enums(OUTPUT, "A B", "B C")) == {HintCode.INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM: 2}


def test_an_input_enum_has_the_common_values() -> None:
    """A client may send only what all understand."""
    assert values(INPUT, "A B", "B C") == ["B"]
    assert hint_codes(*enums(INPUT, "A B", "B C")) == {HintCode.INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM: 2}


def test_an_enum_used_both_ways_must_be_equal() -> None:
    """One error for each value that somebody lacks."""
    assert error_codes(*enums(BOTH, "A B", "B C")) == {Code.ENUM_VALUE_MISMATCH: 2}
    assert not error_codes(*enums(BOTH, "A B", "B A"))


def test_a_hidden_value_may_be_ahead_of_the_others() -> None:
    """@inaccessible is how a value is rolled out."""
    assert values(BOTH, "A B @inaccessible", "A") == ["A", "B"]


def test_an_unused_enum_counts_as_output() -> None:
    """With a hint."""
    assert values("x: Int", "A", "B") == ["A", "B"]
    assert HintCode.UNUSED_ENUM_TYPE in hint_codes(*enums("x: Int", "A", "B"))


def test_use_is_judged_after_the_merge() -> None:
    """An argument that the merge drops does not make its enum an input."""
    first = "type Query { o: E @shareable } enum E { A B }"
    second = "type Query { o(e: E): E @shareable } enum E { A }"
    assert not error_codes(first, second)


def test_an_input_enum_without_common_values_is_refused() -> None:
    """Nothing could be sent."""
    assert error_codes(*enums(INPUT, "A", "B")) == {Code.EMPTY_MERGED_ENUM_TYPE: 1}


def test_values_record_their_subgraphs() -> None:
    """Each value names where it is known."""
    found = supergraph(*enums(OUTPUT, "A B", "B"))
    assert directives_at(found, "E.A") == ["@join__enumValue(graph: A)"]
    assert directives_at(found, "E.B") == ["@join__enumValue(graph: A)", "@join__enumValue(graph: B)"]


def inputs(first: str, second: str) -> tuple[str, str]:
    return f"type Query {{ q(i: I): Int }} input I {{ c: Int {first} }}", f"input I {{ c: Int {second} }}"


def test_an_input_object_has_the_common_fields() -> None:
    """The rest is dropped with a hint."""
    found = supergraph(*inputs("a: Int", "b: Int"))["I"]
    assert isinstance(found, ast.InputObjectTypeDefinitionNode)
    assert [f.name.value for f in found.fields or ()] == ["c"]
    assert hint_codes(*inputs("a: Int", "b: Int")) == {HintCode.INCONSISTENT_INPUT_OBJECT_FIELD: 2}


def test_the_strictest_type_wins_and_is_recorded() -> None:
    """Both join fields carry the subgraphs' own types."""
    found = supergraph(*inputs("a: Int!", "a: Int"))
    assert directives_at(found, "I.a") == [
        '@join__field(graph: A, type: "Int!")',
        '@join__field(graph: B, type: "Int")',
    ]


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("a: Int!", "", Code.REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH),
        ("a: Int", "a: String", Code.FIELD_TYPE_MISMATCH),
        ("a: Int = 1", "a: Int = 2", Code.INPUT_FIELD_DEFAULT_MISMATCH),
    ],
)
def test_inputs_that_disagree_are_refused(first: str, second: str, code: Code) -> None:
    """There is no value that suits both subgraphs."""
    assert error_codes(*inputs(first, second)) == {code: 1}


def test_an_input_object_without_common_fields_is_refused() -> None:
    """Nothing could be sent."""
    assert error_codes("type Query { q(i: I): Int } input I { a: Int }", "input I { b: Int }") == {
        Code.EMPTY_MERGED_INPUT_TYPE: 1
    }


def test_one_of_is_kept() -> None:
    """A @oneOf input object stays one, and its deprecated fields too."""
    found = supergraph(
        'type Query { q(i: I): Int } input I @oneOf { a: Int b: Int @deprecated(reason: "b") }'
    )
    assert "@oneOf" in directives_at(found, "I")
    assert directives_at(found, "I.b") == ['@deprecated(reason: "b")']
