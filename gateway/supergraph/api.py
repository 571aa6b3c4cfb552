"""Supergraph document → the documents behind the API schema and the full schema.

The *full* document is the supergraph without its specifications' machinery: every type, field and
value of the graph. The *API* document also lacks whatever carries `@inaccessible`; it is all that a
client may know. Both keep only the directives that mean something to clients.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from graphql.language import ast

from gateway.supergraph.links import Links

__all__ = ["api_document", "full_document"]

_PUBLIC_DIRECTIVES = frozenset({"deprecated", "specifiedBy", "oneOf"})
_EXECUTABLE_LOCATIONS = frozenset(
    {
        "QUERY",
        "MUTATION",
        "SUBSCRIPTION",
        "FIELD",
        "FRAGMENT_DEFINITION",
        "FRAGMENT_SPREAD",
        "INLINE_FRAGMENT",
        "VARIABLE_DEFINITION",
    }
)

_FieldsNode = ast.ObjectTypeDefinitionNode | ast.InterfaceTypeDefinitionNode
_Element = TypeVar(
    "_Element", ast.FieldDefinitionNode, ast.InputValueDefinitionNode, ast.EnumValueDefinitionNode
)


def full_document(document: ast.DocumentNode, links: Links) -> ast.DocumentNode:
    """Everything of the graph, nothing of the specifications."""
    return _Filter(links, hidden_types=frozenset(), inaccessible=None).apply(document)


def api_document(document: ast.DocumentNode, links: Links) -> ast.DocumentNode:
    """What is left of the graph for clients."""
    inaccessible = links.directive("inaccessible", "inaccessible")
    hidden = frozenset(
        node.name.value
        for node in document.definitions
        if isinstance(node, ast.TypeDefinitionNode) and _carries(node.directives, inaccessible)
    )
    return _Filter(links, hidden, inaccessible).apply(document)


def _carries(nodes: Iterable[ast.DirectiveNode] | None, name: str) -> bool:
    return any(node.name.value == name for node in nodes or ())


class _Filter:
    """Copies definitions without what a reader may not see. AST nodes are frozen, so all is rebuilt."""

    def __init__(self, links: Links, hidden_types: frozenset[str], inaccessible: str | None) -> None:
        self._links = links
        self._hidden_types = hidden_types
        self._inaccessible = inaccessible

    def apply(self, document: ast.DocumentNode) -> ast.DocumentNode:
        kept = (self._definition(node) for node in document.definitions)
        return ast.DocumentNode(definitions=tuple(node for node in kept if node is not None))

    def _definition(self, node: ast.DefinitionNode) -> ast.DefinitionNode | None:
        if isinstance(node, ast.SchemaDefinitionNode):
            return self._schema(node)
        if isinstance(node, ast.DirectiveDefinitionNode):
            return self._directive_definition(node)
        if isinstance(node, ast.TypeDefinitionNode):
            hidden = node.name.value in self._hidden_types or self._links.owns_type(node.name.value)
            return None if hidden else self._type(node)
        return None

    def _schema(self, node: ast.SchemaDefinitionNode) -> ast.SchemaDefinitionNode:
        roots = tuple(
            item for item in node.operation_types or () if item.type.name.value not in self._hidden_types
        )
        return replace(node, directives=(), operation_types=roots)

    def _directive_definition(self, node: ast.DirectiveDefinitionNode) -> ast.DirectiveDefinitionNode | None:
        """Only directives that an operation may use are of interest to a client."""
        locations = tuple(item for item in node.locations if item.value in _EXECUTABLE_LOCATIONS)
        if not locations or self._links.owns_directive(node.name.value):
            return None
        return replace(node, locations=locations, arguments=self._elements(node.arguments))

    def _type(self, node: ast.TypeDefinitionNode) -> ast.TypeDefinitionNode:
        public = self._directives(node.directives)
        match node:
            case ast.ObjectTypeDefinitionNode() | ast.InterfaceTypeDefinitionNode():
                return self._with_fields(node, public)
            case ast.InputObjectTypeDefinitionNode():
                return replace(node, directives=public, fields=self._elements(node.fields))
            case ast.EnumTypeDefinitionNode():
                return replace(node, directives=public, values=self._elements(node.values))
            case ast.UnionTypeDefinitionNode():
                return replace(node, directives=public, types=self._names(node.types))
            case _:
                return replace(node, directives=public)

    def _with_fields(self, node: _FieldsNode, public: tuple[ast.ConstDirectiveNode, ...]) -> _FieldsNode:
        fields = self._elements(node.fields)
        return replace(
            node,
            directives=public,
            interfaces=self._names(node.interfaces),
            fields=tuple(replace(item, arguments=self._elements(item.arguments)) for item in fields),
        )

    def _names(self, nodes: Iterable[ast.NamedTypeNode] | None) -> tuple[ast.NamedTypeNode, ...]:
        return tuple(node for node in nodes or () if node.name.value not in self._hidden_types)

    def _elements(self, nodes: Sequence[_Element] | None) -> tuple[_Element, ...]:
        kept = (node for node in nodes or () if not self._hides(node))
        return tuple(replace(node, directives=self._directives(node.directives)) for node in kept)

    def _hides(
        self, node: ast.FieldDefinitionNode | ast.InputValueDefinitionNode | ast.EnumValueDefinitionNode
    ) -> bool:
        return self._inaccessible is not None and _carries(node.directives, self._inaccessible)

    def _directives(
        self, nodes: Iterable[ast.ConstDirectiveNode] | None
    ) -> tuple[ast.ConstDirectiveNode, ...]:
        return tuple(node for node in nodes or () if node.name.value in _PUBLIC_DIRECTIVES)
