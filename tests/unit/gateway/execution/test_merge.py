"""Merging holds whatever order answers arrive in (federation.md, 4.2)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.execution.merge import copy_object, has_structure, merge_object


@pytest.mark.parametrize(
    ("target", "source", "merged"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1}, {"a": None}, {"a": 1}),
        ({"a": None}, {"a": 1}, {"a": 1}),
        ({"a": 1}, {"a": 2}, {"a": 2}),
        ({}, {"a": None}, {"a": None}),
        ({"a": {"x": 1}}, {"a": {"y": 2}}, {"a": {"x": 1, "y": 2}}),
        ({"a": [{"x": 1}, None]}, {"a": [{"y": 2}, {"y": 3}]}, {"a": [{"x": 1, "y": 2}, {"y": 3}]}),
        ({"a": [{"x": 1}]}, {"a": [None]}, {"a": [{"x": 1}]}),
        ({"a": [{"x": 1}]}, {"a": [{"y": 1}, {"y": 2}]}, {"a": [{"x": 1}]}),
        ({"a": [[{"x": 1}]]}, {"a": [[{"y": 1}]]}, {"a": [[{"x": 1, "y": 1}]]}),
        ({"a": [1, 2]}, {"a": [3, 4]}, {"a": [3, 4]}),
    ],
)
def test_two_answers_become_one(target: Any, source: Any, merged: Any) -> None:
    """Null never overwrites, data overwrites null, containers merge, lists by index if equally long."""
    merge_object(target, source)
    assert target == merged


def test_an_object_merged_with_itself_stays_as_it_is() -> None:
    """Entities that are met twice are merged twice."""
    item: dict[str, Any] = {"a": {"x": [1]}}
    merge_object(item, {"a": item["a"]})
    assert item == {"a": {"x": [1]}}


_JSON = st.recursive(
    st.none() | st.integers(0, 3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)
_OBJECT = st.dictionaries(st.sampled_from("abc"), _JSON, max_size=3)


@given(_OBJECT, _OBJECT)
def test_merging_twice_changes_nothing_more(target: dict[str, Any], source: dict[str, Any]) -> None:
    """Merging is idempotent, and a copied source is never touched by later merges."""
    kept = copy_object(source)
    merge_object(target, copy_object(source))
    once = copy_object(target)
    merge_object(target, copy_object(source))
    assert target == once
    assert source == kept


def test_structure_is_what_can_change_paths() -> None:
    """Containers and type names; leaves cannot."""
    assert has_structure({"a": {}})
    assert has_structure({"a": []})
    assert has_structure({"__typename": "T"})
    assert not has_structure({"a": 1, "b": None, "c": "x"})
