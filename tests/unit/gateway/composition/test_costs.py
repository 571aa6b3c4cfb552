"""@cost and @listSize are checked where they are written."""

from __future__ import annotations

import pytest

from gateway.composition import Code
from tests.kit.composition import error_codes


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("a: Int @listSize(assumedSize: 3)", Code.LIST_SIZE_APPLIED_TO_NON_LIST),
        ("a: [Int] @listSize(assumedSize: -1)", Code.LIST_SIZE_INVALID_ASSUMED_SIZE),
        ('a(n: String): [Int] @listSize(slicingArguments: ["n"])', Code.LIST_SIZE_INVALID_SLICING_ARGUMENT),
        ('a(n: [Int]): [Int] @listSize(slicingArguments: ["n"])', Code.LIST_SIZE_INVALID_SLICING_ARGUMENT),
        ('a: [Int] @listSize(slicingArguments: ["n"])', Code.LIST_SIZE_INVALID_SLICING_ARGUMENT),
        ('a: Page @listSize(sizedFields: ["total"])', Code.LIST_SIZE_APPLIED_TO_NON_LIST),
        ('a: Page @listSize(sizedFields: ["nobody"])', Code.LIST_SIZE_INVALID_SIZED_FIELD),
    ],
)
def test_a_faulty_list_size_is_refused(field: str, code: Code) -> None:
    """Each fault has its own code."""
    assert error_codes(f"type Query {{ {field} }} type Page {{ nodes: [Int] total: Int }}") == {code: 1}


def test_sizes_of_lists_and_pages_are_fine() -> None:
    """Lists directly, or fields of a page."""
    assert not error_codes(
        'type Query { a(first: Int = 3): [Int] @listSize(slicingArguments: ["first"])'
        ' b(n: Int!): Page! @listSize(slicingArguments: ["n"], sizedFields: ["nodes"]) }'
        " type Page { nodes: [Int!]! }"
    )


def test_interface_fields_have_no_cost() -> None:
    """Only what is resolved costs something."""
    assert error_codes("type Query { i: I } interface I { a: Int @cost(weight: 3) }") == {
        Code.COST_APPLIED_TO_INTERFACE_FIELD: 1
    }
