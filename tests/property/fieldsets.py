"""Field sets (`id org { oid }`) as values: what is read of an object, what a representation has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from graphql import FieldNode, InlineFragmentNode, SelectionSetNode, parse, value_from_ast_untyped
from graphql.language import OperationDefinitionNode

__all__ = ["covers", "parse_fields", "project", "received", "top_level"]

#: Object, field name, arguments → value.
Read = Callable[[Mapping[str, Any], str, dict[str, Any]], Any]


@cache
def parse_fields(text: str) -> SelectionSetNode:
    """The selection of a field set."""
    definition = parse(f"{{ {text} }}").definitions[0]
    assert isinstance(definition, OperationDefinitionNode)
    return definition.selection_set


def top_level(text: str) -> list[str]:
    """Names of the fields at its top."""
    return [node.name.value for node in parse_fields(text).selections if isinstance(node, FieldNode)]


def project(
    selection: SelectionSetNode, item: Mapping[str, Any], read: Read, types: Callable[[str], set[str]]
) -> dict[str, Any]:
    """What the selection reads of an object; `types` gives the object types behind a type condition."""
    found: dict[str, Any] = {}
    for node in selection.selections:
        if isinstance(node, FieldNode):
            given = {each.name.value: value_from_ast_untyped(each.value) for each in node.arguments or ()}
            value = read(item, node.name.value, given)
            inner = node.selection_set
            if inner is not None:
                value = _deep(value, partial(project, inner, read=read, types=types))
                value = _merged(found.get(node.name.value), value)
            found[node.name.value] = value
        elif isinstance(node, InlineFragmentNode) and _applies(node, item, types):
            for name, value in project(node.selection_set, item, read, types).items():
                found[name] = _merged(found.get(name), value)
    return found


def received(
    selection: SelectionSetNode, representation: Mapping[str, Any], types: Callable[[str], set[str]]
) -> dict[str, Any]:
    """What was sent of the selection, without `__typename`; what was not sent is absent."""
    found: dict[str, Any] = {}
    for node in selection.selections:
        if isinstance(node, FieldNode):
            name = node.name.value
            if name in representation:
                value = representation[name]
                inner = node.selection_set
                if inner is not None:
                    value = _deep(value, partial(received, inner, types=types))
                    value = _merged(found.get(name), value)
                found[name] = value
        elif isinstance(node, InlineFragmentNode) and _applies(node, representation, types):
            for name, value in received(node.selection_set, representation, types).items():
                found[name] = _merged(found.get(name), value)
    return found


def covers(selection: SelectionSetNode, representation: Mapping[str, Any]) -> bool:
    """Does the representation have all top-level fields of a key?"""
    return all(
        node.name.value in representation for node in selection.selections if isinstance(node, FieldNode)
    )


def _applies(node: InlineFragmentNode, item: Mapping[str, Any], types: Callable[[str], set[str]]) -> bool:
    condition = node.type_condition
    return condition is None or item["__typename"] in types(condition.name.value)


def _deep(value: Any, change: Callable[[Mapping[str, Any]], Any]) -> Any:
    if isinstance(value, list):
        return [_deep(each, change) for each in value]
    return change(value) if isinstance(value, dict) else value


def _merged(left: Any, right: Any) -> Any:
    if isinstance(left, dict) and isinstance(right, dict):
        return {
            **left,
            **{name: _merged(left.get(name), value) for name, value in right.items()},
        }
    if isinstance(left, list) and isinstance(right, list):
        return [_merged(*pair) for pair in zip(left, right, strict=True)]
    return right
