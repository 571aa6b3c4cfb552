"""Checks of the join tables that a schema check cannot make: do the field sets name what exists?"""

from __future__ import annotations

from collections.abc import Mapping

from graphql.language import ast

from gateway.errors import SupergraphProblem
from gateway.supergraph.fieldsets import FieldSet
from gateway.supergraph.join import TypeTable

__all__ = ["verify_tables"]


def verify_tables(tables: Mapping[str, TypeTable], contexts: Mapping[str, frozenset[str]]) -> None:
    """Raise `SupergraphProblem` for a field set that selects what its type does not have, and for a
    context that no type sets."""
    checked: set[tuple[str, str]] = set()
    for table in tables.values():
        for presence in table.graphs.values():
            for key in presence.keys:
                _check_once(tables, table.name, key.fields, f"{table.name} (key)", checked)
        for item in table.fields.values():
            place = f"{table.name}.{item.name}"
            for joined in item.graphs.values():
                if joined.requires is not None:
                    _check_once(tables, table.name, joined.requires, f"{place} (requires)", checked)
                if joined.provides is not None:
                    own_type = (joined.type or item.type).named
                    _check_once(tables, own_type, joined.provides, f"{place} (provides)", checked)
                for argument in joined.context_arguments:
                    if not contexts.get(argument.context):
                        raise SupergraphProblem(f"{place}: no type sets the context {argument.context}")
                    for setter in sorted(contexts[argument.context]):
                        _check_once(tables, setter, argument.selection, f"{place} (context)", checked)


def _check_once(
    tables: Mapping[str, TypeTable], parent: str, fields: FieldSet, place: str, checked: set[tuple[str, str]]
) -> None:
    if (parent, fields.text) in checked:
        return
    checked.add((parent, fields.text))
    _check(tables, parent, fields.selection_set, f"{place} {fields.text!r}")


def _check(
    tables: Mapping[str, TypeTable], parent: str, selections: ast.SelectionSetNode, place: str
) -> None:
    table = tables.get(parent)
    if table is None or not table.composite:
        raise SupergraphProblem(f"{place}: selects fields of {parent}, which is not a composite type")
    for item in selections.selections:
        if isinstance(item, ast.InlineFragmentNode):
            narrowed = item.type_condition.name.value if item.type_condition else parent
            _check(tables, narrowed, item.selection_set, place)
        elif isinstance(item, ast.FieldNode):
            _check_field(tables, table, item, place)
        else:
            raise SupergraphProblem(f"{place}: a field set cannot spread a named fragment")


def _check_field(tables: Mapping[str, TypeTable], table: TypeTable, node: ast.FieldNode, place: str) -> None:
    name = node.name.value
    if name == "__typename":
        return
    known = table.fields.get(name)
    if known is None:
        raise SupergraphProblem(f"{place}: {table.name} has no field {name}")
    target = tables.get(known.type.named)
    composite = target is not None and target.composite
    if composite != (node.selection_set is not None):
        problem = "needs a selection" if composite else "takes no selection"
        raise SupergraphProblem(f"{place}: {table.name}.{name} {problem}")
    if node.selection_set is not None:
        _check(tables, known.type.named, node.selection_set, place)
