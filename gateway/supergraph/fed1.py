"""Federation 1 supergraphs (join v0.1): the same tables out of what their SDL leaves unsaid.

In join v0.1 only entities carry `join__type` and `join__owner`. A field of an entity without
`join__field` belongs to the owner alone. A value type carries nothing and is taken to exist in
every graph. Key fields are never external: each graph with a key can answer its fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphql.language import ast

from gateway.supergraph.join import FieldIn, FieldTable, TypeIn, TypeTable
from gateway.supergraph.links import Links
from gateway.supergraph.values import arguments, directives

__all__ = ["complete_fed1_tables"]


def complete_fed1_tables(
    document: ast.DocumentNode,
    tables: Mapping[str, TypeTable],
    links: Links,
    graphs: Iterable[str],
    roots: Iterable[str],
) -> None:
    """Fill in, in place, what join v0.1 does not say."""
    every, root_names = tuple(graphs), frozenset(roots)
    owners = _owners(document, links)
    assigned = _assigned(document, links)
    for table in tables.values():
        table.implements = None
        if not table.graphs:
            table.graphs.update(dict.fromkeys(every, TypeIn()))
        for item in table.fields.values():
            if (table.name, item.name) in assigned or table.name in root_names:
                continue
            owner = owners.get(table.name)
            present = dict.fromkeys(every if owner is None else (owner,), FieldIn())
            table.fields[item.name] = FieldTable(item.name, item.type, present, item.inaccessible)
    for table in tables.values():
        for graph, presence in table.graphs.items():
            for key in presence.keys:
                _make_resolvable(tables, table.name, key.fields.selection_set, graph)


def _owners(document: ast.DocumentNode, links: Links) -> dict[str, str]:
    name = links.directive("join", "owner")
    owners: dict[str, str] = {}
    for node in document.definitions:
        if isinstance(node, ast.ObjectTypeDefinitionNode | ast.InterfaceTypeDefinitionNode):
            for applied in directives(node.directives, name):
                owners[node.name.value] = str(arguments(applied).get("graph"))
    return owners


def _assigned(document: ast.DocumentNode, links: Links) -> set[tuple[str, str]]:
    """The fields that say themselves to which graph they belong."""
    name = links.directive("join", "field")
    return {
        (node.name.value, item.name.value)
        for node in document.definitions
        if isinstance(node, ast.ObjectTypeDefinitionNode | ast.InterfaceTypeDefinitionNode)
        for item in node.fields or ()
        if directives(item.directives, name)
    }


def _make_resolvable(
    tables: Mapping[str, TypeTable], parent: str, selections: ast.SelectionSetNode, graph: str
) -> None:
    table = tables[parent]
    for item in selections.selections:
        if isinstance(item, ast.InlineFragmentNode):
            narrowed = item.type_condition.name.value if item.type_condition else parent
            _make_resolvable(tables, narrowed, item.selection_set, graph)
        elif isinstance(item, ast.FieldNode) and item.name.value in table.fields:
            known = table.fields[item.name.value]
            if graph not in known.graphs:
                present = {**known.graphs, graph: FieldIn()}
                table.fields[known.name] = FieldTable(known.name, known.type, present, known.inaccessible)
            if item.selection_set is not None:
                _make_resolvable(tables, known.type.named, item.selection_set, graph)
