"""Variables are checked as the specification's coercion would, and bounded before that."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import OperationDefinitionNode, build_schema, parse
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Refusal
from gateway.operation.variables import VariableLimits, compile_variables, enforce_variable_limits

SCHEMA = build_schema("""
type Query { f(a: Int, b: Filter, c: [[Int!]], d: Money, e: Pick): Int }
scalar Money
enum State { SP RJ }
input Filter { state: State!, limit: Int! = 3, deeper: Filter, ids: [ID!] }
input Pick @oneOf { id: ID, cpf: String }
""")


def _check(declarations: str, values: dict[str, Any]) -> dict[str, Any] | str:
    operation = parse(f"query Q({declarations}) {{ f }}").definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    try:
        return compile_variables(SCHEMA, operation)(values)
    except Refusal as refusal:
        return refusal.problems[0].message


@pytest.mark.parametrize(
    ("declarations", "values"),
    [
        ("$a: Int", {"a": 2_147_483_647}),
        ("$a: Int", {"a": 3.0}),
        ("$a: Int", {"a": None}),
        ("$a: Float!", {"a": 1}),
        ("$a: ID!", {"a": 7}),
        ("$a: [Int!]", {"a": 7}),
        ("$a: [[Int!]]", {"a": [[1], None, [2, 3]]}),
        ("$a: Money", {"a": {"anything": ["goes"]}}),
        ("$a: Filter", {"a": {"state": "SP"}}),
        ("$a: Filter", {"a": {"state": "SP", "deeper": {"state": "RJ", "ids": ["1"]}}}),
        ("$a: Pick", {"a": {"id": "1"}}),
    ],
)
def test_what_the_schema_allows_passes_unchanged(declarations: str, values: dict[str, Any]) -> None:
    """Values go on as they came: subgraphs coerce them once more."""
    assert _check(declarations, values) == values


@pytest.mark.parametrize(
    ("declarations", "values", "message"),
    [
        ("$a: Int", {"a": 2_147_483_648}, "32-bit"),
        ("$a: Int", {"a": 1.5}, "non-integer"),
        ("$a: Int", {"a": True}, "non-integer"),
        ("$a: Int", {"a": "1"}, "non-integer"),
        ("$a: Int", {"a": 10**400}, "32-bit"),
        ("$a: String", {"a": 1}, "String cannot"),
        ("$a: Boolean", {"a": 1}, "Boolean cannot"),
        ("$a: ID", {"a": {"$ne": 1}}, "ID cannot"),
        ("$a: ID", {"a": True}, "ID cannot"),
        ("$a: Float", {"a": "x"}, "Float cannot"),
        ("$a: State", {"a": "AC"}, 'does not exist in "State"'),
        ("$a: State", {"a": ["SP"]}, 'does not exist in "State"'),
        ("$a: [Int!]", {"a": [1, None]}, 'at "a[1]"'),
        ("$a: Filter", {"a": []}, "to be an object"),
        ("$a: Filter", {"a": {}}, 'Field "state" of required type "State!" was not provided'),
        ("$a: Filter", {"a": {"state": None}}, "not to be null"),
        ("$a: Filter", {"a": {"state": "SP", "x": 1}}, 'Field "x" is not defined'),
        ("$a: Filter", {"a": {"state": "SP", "deeper": {"state": "AC"}}}, 'at "a.deeper.state"'),
        ("$a: Pick", {"a": {"id": "1", "cpf": "2"}}, "Exactly one key"),
        ("$a: Pick", {"a": {"id": None}}, "Exactly one key"),
    ],
)
def test_what_it_does_not_allow_is_refused_by_place(
    declarations: str, values: dict[str, Any], message: str
) -> None:
    """The message says where and why, in our own words."""
    found = _check(declarations, values)
    assert isinstance(found, str)
    assert message in found


def test_undeclared_variables_are_ignored_and_missing_ones_left_out() -> None:
    """The specification ignores what was not declared; defaults are the subgraph's to apply."""
    assert _check("$a: Int = 5, $b: Int", {"z": 1}) == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=20,
)


@given(JSON)
def test_any_json_is_accepted_or_refused(value: object) -> None:
    """No value at all makes the check raise anything else."""
    for declared in ("Int", "[Filter!]", "Filter!", "State", "Pick", "[[Int!]]", "Float", "ID"):
        _check(f"$a: {declared}", {"a": value})


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ([0] * 1_001, "max_variables_list"),
        ([[0] * 1_000] * 21, "max_variables_nodes"),
    ],
)
def test_long_and_many_values_are_refused(value: object, name: str) -> None:
    """The error names the setting."""
    with pytest.raises(Refusal, match=name):
        enforce_variable_limits({"a": value}, VariableLimits())


def test_deep_values_are_refused_without_recursion() -> None:
    """Ten thousand levels."""
    value: object = 1
    for _ in range(10_000):
        value = {"x": value}
    with pytest.raises(Refusal, match="max_variables_depth"):
        enforce_variable_limits({"a": value}, VariableLimits())
