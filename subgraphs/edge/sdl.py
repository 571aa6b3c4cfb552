"""The SDL that a subgraph exports: one text for one schema, however its modules are arranged.

Definitions and directive applications are sorted; fields, arguments and enum values keep the order in which
the code declares them, which is the order for a reader. What every Federation 2 subgraph has anyway
(`_service`, `_entities`, `_Any`, `_Entity`, `_Service`) is left out, as composition expects.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar, cast

from graphql import (
    ConstDirectiveNode,
    DefinitionNode,
    DirectiveNode,
    DocumentNode,
    InterfaceTypeDefinitionNode,
    Node,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
    parse,
    print_ast,
)
from strawberry import Schema
from strawberry.printer import print_schema

__all__ = ["export", "normalised"]

_MACHINERY_TYPES = frozenset({"_Any", "_Entity", "_Service"})
_MACHINERY_FIELDS = frozenset({"_service", "_entities"})

_N = TypeVar("_N", bound=Node)


def export(schema: Schema) -> str:
    """The subgraph's SDL, sorted, ending in one newline."""
    return normalised(print_schema(schema))


def normalised(text: str) -> str:
    """Any subgraph SDL in the order and layout of `export`."""
    definitions = parse(text, no_location=True).definitions
    links = [
        _schema_extension(node)
        for node in definitions
        if isinstance(node, (SchemaDefinitionNode, SchemaExtensionNode))
    ]
    types = [
        _sorted_type(node)
        for node in definitions
        if isinstance(node, TypeDefinitionNode) and node.name.value not in _MACHINERY_TYPES
    ]
    ordered: list[Node] = [*links, *sorted(types, key=lambda node: node.name.value)]
    # graphql-core types a schema extension as no definition, though its documents hold them.
    return print_ast(DocumentNode(definitions=cast("tuple[DefinitionNode, ...]", tuple(ordered)))) + "\n"


def _schema_extension(node: SchemaDefinitionNode | SchemaExtensionNode) -> SchemaExtensionNode:
    # The root types have their usual names, so only the links are news: `extend schema @link(...)`.
    return SchemaExtensionNode(directives=_sorted_directives(node.directives), operation_types=())


def _sorted_type(node: TypeDefinitionNode) -> TypeDefinitionNode:
    directives = _sorted_directives(node.directives)
    if isinstance(node, (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode)):
        fields = tuple(
            _changed(field, directives=_sorted_directives(field.directives))
            for field in node.fields or ()
            if field.name.value not in _MACHINERY_FIELDS
        )
        return _changed(node, directives=directives, fields=fields)
    return _changed(node, directives=directives)


def _sorted_directives(directives: Iterable[DirectiveNode] | None) -> tuple[ConstDirectiveNode, ...]:
    # Directives of a schema document are constant.
    return cast("tuple[ConstDirectiveNode, ...]", tuple(sorted(directives or (), key=print_ast)))


def _changed(node: _N, **changes: object) -> _N:
    """A copy of a (frozen) syntax node with some of its parts replaced."""
    parts = {key: getattr(node, key) for key in node.keys if key != "loc"}
    return type(node)(**{**parts, **changes})
