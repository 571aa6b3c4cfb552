"""Which fields identify entities, and entity numbers inside key values."""

from __future__ import annotations

import re
from collections.abc import Mapping

from graphql import language as ast

from gateway.supergraph import Supergraph

__all__ = ["key_fields", "key_value", "number_in"]

_NUMBER = re.compile(r"(\d{1,15})\Z")


def key_fields(supergraph: Supergraph) -> frozenset[tuple[str, str]]:
    """Every (type, field) that a key selects, also below other fields and for other types."""
    found: set[tuple[str, str]] = set()
    for table in supergraph.types.values():
        for own in table.graphs.values():
            for key in own.keys:
                _collect(supergraph, table.name, key.fields.selection_set, found)
    return frozenset(found)


def _collect(
    supergraph: Supergraph, name: str, selections: ast.SelectionSetNode, found: set[tuple[str, str]]
) -> None:
    owners = [name, *supergraph.possible_types(name)]
    for selection in selections.selections:
        if isinstance(selection, ast.FieldNode):
            field = supergraph.types[name].fields.get(selection.name.value)
            if field is None:
                continue
            found.update((owner, selection.name.value) for owner in owners)
            if selection.selection_set:
                _collect(supergraph, field.type.named, selection.selection_set, found)
        elif isinstance(selection, ast.InlineFragmentNode):
            condition = selection.type_condition.name.value if selection.type_condition else name
            _collect(supergraph, condition, selection.selection_set, found)


def key_value(scalar: str, field_name: str, number: int) -> object:
    """A key field's value, in which the entity's number can be read again."""
    match scalar:
        case "Int":
            return number
        case "Float":
            return float(number)
        case "Boolean":
            return bool(number % 2)
        case _:
            return f"{field_name}-{number}"


def number_in(value: object) -> int | None:
    """The entity number in a key value, an argument, or a whole representation; None without one."""
    match value:
        case bool() | None:
            return None
        case int():
            return value
        case float():
            return int(value)
        case str():
            match = _NUMBER.search(value)
            return int(match[1]) if match else None
        case list():
            return next((n for item in value if (n := number_in(item)) is not None), None)
        case Mapping():
            return next((n for key in sorted(value) if (n := number_in(value[key])) is not None), None)
        case _:
            return None
