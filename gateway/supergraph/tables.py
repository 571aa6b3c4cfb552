"""Supergraph SDL → join tables (join specification v0.2 to v0.5; `fed1` turns v0.1 into the same)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from graphql.language import ast

from gateway.errors import SupergraphProblem
from gateway.supergraph.fieldsets import FieldSet, field_set
from gateway.supergraph.join import ContextArgument, FieldIn, FieldTable, Key, Subgraph, TypeIn, TypeTable
from gateway.supergraph.links import Links
from gateway.supergraph.values import Arguments, arguments, directives, type_ref, type_ref_of

__all__ = ["TableReader", "read_contexts", "read_roots", "read_subgraphs"]

_KINDS: Mapping[type[ast.Node], str] = {
    ast.ScalarTypeDefinitionNode: "scalar",
    ast.ObjectTypeDefinitionNode: "object",
    ast.InterfaceTypeDefinitionNode: "interface",
    ast.UnionTypeDefinitionNode: "union",
    ast.EnumTypeDefinitionNode: "enum",
    ast.InputObjectTypeDefinitionNode: "input",
}


def read_subgraphs(document: ast.DocumentNode, links: Links) -> dict[str, Subgraph]:
    """The values of `join__Graph`, by graph."""
    enum_name, directive_name = links.type("join", "Graph"), links.directive("join", "graph")
    for node in document.definitions:
        if isinstance(node, ast.EnumTypeDefinitionNode) and node.name.value == enum_name:
            return {value.name.value: _subgraph(value, directive_name) for value in node.values or ()}
    raise SupergraphProblem(
        f"this SDL is not a supergraph: it has no enum {enum_name}; compose the subgraphs first"
    )


def _subgraph(value: ast.EnumValueDefinitionNode, directive_name: str) -> Subgraph:
    graph = value.name.value
    applied = directives(value.directives, directive_name)
    if not applied:
        raise SupergraphProblem(f"join__Graph.{graph}: @{directive_name} is missing")
    given = arguments(applied[0])
    name, url = given.get("name"), given.get("url")
    if not isinstance(name, str) or not isinstance(url, str | None):
        raise SupergraphProblem(
            f"join__Graph.{graph}: @{directive_name} needs a name and a url, both strings"
        )
    return Subgraph(graph, name, url or "")


def read_roots(document: ast.DocumentNode) -> dict[str, str]:
    """Operation kind → root type name, for the root types that exist."""
    roots: dict[str, str] = {}
    for node in document.definitions:
        if isinstance(node, ast.SchemaDefinitionNode | ast.SchemaExtensionNode):
            for operation in node.operation_types or ():
                roots[operation.operation.value] = operation.type.name.value
    if roots:
        return roots
    defined = {
        node.name.value for node in document.definitions if isinstance(node, ast.ObjectTypeDefinitionNode)
    }
    defaults = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}
    return {kind: name for kind, name in defaults.items() if name in defined}


def read_contexts(document: ast.DocumentNode, links: Links) -> dict[str, frozenset[str]]:
    """Context name → the types that set it (`@context`)."""
    name = links.directive("context", "context")
    found: dict[str, set[str]] = {}
    for node in document.definitions:
        if isinstance(node, ast.TypeDefinitionNode):
            for applied in directives(node.directives, name):
                found.setdefault(str(arguments(applied).get("name")), set()).add(node.name.value)
    return {context: frozenset(types) for context, types in found.items()}


class TableReader:
    """Reads the type definitions of one supergraph document."""

    def __init__(self, links: Links, graphs: Iterable[str]) -> None:
        self._links = links
        self._graphs = frozenset(graphs)
        self._names = {
            own: links.directive("join", own)
            for own in ("type", "field", "implements", "unionMember", "owner")
        }
        self._inaccessible = links.directive("inaccessible", "inaccessible")

    def read(self, document: ast.DocumentNode) -> dict[str, TypeTable]:
        """The tables of every type of the graph (not of specifications), by name."""
        tables: dict[str, TypeTable] = {}
        for node in document.definitions:
            if isinstance(node, ast.TypeExtensionNode):
                raise SupergraphProblem(f"{node.name.value}: a supergraph has no type extensions")
            if isinstance(node, ast.TypeDefinitionNode) and not self._links.owns_type(node.name.value):
                if node.name.value in tables:
                    raise SupergraphProblem(f"{node.name.value}: the type is defined twice")
                tables[node.name.value] = self._type(node)
        return tables

    def _type(self, node: ast.TypeDefinitionNode) -> TypeTable:
        table = TypeTable(node.name.value, _KINDS[type(node)])
        table.inaccessible = bool(directives(node.directives, self._inaccessible))
        self._read_graphs(table, node)
        if isinstance(node, ast.ObjectTypeDefinitionNode | ast.InterfaceTypeDefinitionNode):
            table.interfaces = frozenset(item.name.value for item in node.interfaces or ())
            self._read_implements(table, node)
            for item in node.fields or ():
                table.fields[item.name.value] = self._field(table, item)
        if isinstance(node, ast.UnionTypeDefinitionNode):
            table.members = frozenset(item.name.value for item in node.types or ())
            self._read_members(table, node)
        return table

    def _read_graphs(self, table: TypeTable, node: ast.TypeDefinitionNode) -> None:
        for applied in directives(node.directives, self._names["type"]):
            given = arguments(applied)
            graph = self._graph(given, table.name)
            known = table.graphs.get(graph, TypeIn())
            key = self._field_set(given, "key", table.name)
            keys = (
                known.keys if key is None else (*known.keys, Key(key, given.get("resolvable") is not False))
            )
            interface_object = known.interface_object or given.get("isInterfaceObject") is True
            table.graphs[graph] = TypeIn(keys, interface_object)

    def _read_implements(
        self, table: TypeTable, node: ast.ObjectTypeDefinitionNode | ast.InterfaceTypeDefinitionNode
    ) -> None:
        said: dict[str, set[str]] = {}
        for applied in directives(node.directives, self._names["implements"]):
            given = arguments(applied)
            interface = given.get("interface")
            if not isinstance(interface, str) or interface not in table.interfaces:
                raise SupergraphProblem(
                    f"{table.name}: @join__implements names {interface!r}, which it does not implement"
                )
            said.setdefault(self._graph(given, table.name), set()).add(interface)
        table.implements = said

    def _read_members(self, table: TypeTable, node: ast.UnionTypeDefinitionNode) -> None:
        for applied in directives(node.directives, self._names["unionMember"]):
            given = arguments(applied)
            member = given.get("member")
            if not isinstance(member, str) or member not in table.members:
                raise SupergraphProblem(
                    f"{table.name}: @join__unionMember names {member!r}, which is no member"
                )
            if table.members_in is None:
                table.members_in = {}
            table.members_in.setdefault(self._graph(given, table.name), set()).add(member)

    def _field(self, table: TypeTable, node: ast.FieldDefinitionNode) -> FieldTable:
        place = f"{table.name}.{node.name.value}"
        applications = directives(node.directives, self._names["field"])
        graphs: dict[str, FieldIn] = {} if applications else dict.fromkeys(table.graphs, FieldIn())
        for applied in applications:
            given = arguments(applied)
            # Without a graph: the field exists on the object only through an interface object.
            if given.get("graph") is not None:
                graphs[self._graph(given, place)] = self._field_in(given, place)
        hidden = bool(directives(node.directives, self._inaccessible))
        return FieldTable(node.name.value, type_ref_of(node.type), graphs, hidden)

    def _field_in(self, given: Arguments, place: str) -> FieldIn:
        own_type, override, label = given.get("type"), given.get("override"), given.get("overrideLabel")
        return FieldIn(
            external=given.get("external") is True,
            requires=self._field_set(given, "requires", place),
            provides=self._field_set(given, "provides", place),
            type=type_ref(own_type) if isinstance(own_type, str) else None,
            override=override if isinstance(override, str) else None,
            override_label=label if isinstance(label, str) else None,
            used_overridden=given.get("usedOverridden") is True,
            context_arguments=_context_arguments(given.get("contextArguments"), place),
        )

    def _field_set(self, given: Arguments, argument: str, place: str) -> FieldSet | None:
        text = given.get(argument)
        if text is None or text == "":
            return None
        if not isinstance(text, str):
            raise SupergraphProblem(f"{place}: `{argument}` is not a string")
        return field_set(text, f"{place} ({argument})")

    def _graph(self, given: Arguments, place: str) -> str:
        graph = given.get("graph")
        if not isinstance(graph, str) or graph not in self._graphs:
            raise SupergraphProblem(f"{place}: a join directive names {graph!r}, which is not in join__Graph")
        return graph


def _context_arguments(value: object, place: str) -> tuple[ContextArgument, ...]:
    found = []
    for item in value if isinstance(value, list) else ():
        if not isinstance(item, dict) or not all(
            isinstance(item.get(k), str) for k in ("name", "type", "context", "selection")
        ):
            raise SupergraphProblem(f"{place}: contextArguments need name, type, context and selection")
        texts = cast("dict[str, str]", item)
        selection = field_set(_context_selection(texts["selection"]), f"{place} (contextArguments)")
        found.append(ContextArgument(texts["name"], texts["type"], texts["context"], selection))
    return tuple(found)


def _context_selection(text: str) -> str:
    """The selection comes with braces around it or without."""
    stripped = text.strip()
    return stripped[1:-1] if stripped.startswith("{") and stripped.endswith("}") else stripped
