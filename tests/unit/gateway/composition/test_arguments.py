"""Arguments of fields: what every subgraph takes, in its strictest form."""

from __future__ import annotations

import pytest
from graphql import language as ast
from graphql import print_ast

from gateway.composition import Code, HintCode
from tests.kit.composition import error_codes, hint_codes, supergraph


def pair(first: str, second: str) -> tuple[str, str]:
    helpers = " enum E { A } input In { a: Int }"
    return (
        f"type Query {{ p(z: Int, {first}): Int @shareable }}{helpers}",
        f"type Query {{ p(z: Int, {second}): Int @shareable }}{helpers}",
    )


def arguments(first: str, second: str) -> list[str]:
    query = supergraph(*pair(first, second))["Query"]
    assert isinstance(query, ast.ObjectTypeDefinitionNode)
    return [print_ast(a) for a in (query.fields or ())[0].arguments or ()][1:]


@pytest.mark.parametrize(
    ("first", "second", "merged"),
    [
        ("a: Int", "a: Int", ["a: Int"]),
        ("a: Int", "a: Int!", ["a: Int!"]),
        ("a: [Int!]", "a: [Int]", ["a: [Int!]"]),
        ("a: Int = 1", "a: Int = 1", ["a: Int = 1"]),
        ("a: In = {a: 1}", "a: In = {a: 1}", ["a: In = { a: 1 }"]),
        ("a: Int = 1", "a: Int", ["a: Int"]),
        ("a: Int", "b: Int", []),
        ('"doc" a: Int', '"doc" a: Int', ['"""doc"""\na: Int']),
    ],
)
def test_arguments_merge_by_intersection(first: str, second: str, merged: list[str]) -> None:
    """Types become strict, defaults stay where all agree, and what only one knows goes."""
    assert arguments(first, second) == merged


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("a: Int", "a: String", Code.FIELD_ARGUMENT_TYPE_MISMATCH),
        ("a: [Int!]", "a: [Int]!", Code.FIELD_ARGUMENT_TYPE_MISMATCH),
        ("a: Int = 1", "a: Int = 2", Code.FIELD_ARGUMENT_DEFAULT_MISMATCH),
        ("a: Int!", "b: Int", Code.REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH),
    ],
)
def test_arguments_that_disagree_are_refused(first: str, second: str, code: Code) -> None:
    """There is no call that suits both subgraphs."""
    assert error_codes(*pair(first, second)) == {code: 1}


def test_a_required_argument_with_a_default_may_be_missing_elsewhere() -> None:
    """Nobody must give it."""
    assert arguments("a: Int! = 1", "b: Int") == []


@pytest.mark.parametrize(
    ("first", "second", "hint"),
    [
        ("a: Int", "b: Int", HintCode.INCONSISTENT_ARGUMENT_PRESENCE),
        ("a: Int = 1", "a: Int", HintCode.INCONSISTENT_DEFAULT_VALUE_PRESENCE),
        ("a: Int!", "a: Int", HintCode.INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE),
    ],
)
def test_what_is_lost_is_hinted_at(first: str, second: str, hint: HintCode) -> None:
    """A client cannot use what the hint names."""
    assert hint in hint_codes(*pair(first, second))
