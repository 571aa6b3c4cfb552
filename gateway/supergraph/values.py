"""Constant GraphQL values and type references, out of the AST and into plain Python."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from graphql.language import ast

__all__ = ["Arguments", "TypeRef", "arguments", "constant", "directives", "type_ref", "type_ref_of"]

#: The arguments of one directive application.
Arguments = dict[str, object]


@dataclass(frozen=True, slots=True)
class TypeRef:
    """A reference to a type as SDL writes it: `[Customer!]!` is named `Customer`, one list deep."""

    text: str
    named: str
    lists: int

    @property
    def shape(self) -> str:
        """The list and non-null wrappers alone, with `_` for the named type."""
        return self.text.replace(self.named, "_")


@lru_cache(maxsize=8192)
def type_ref(text: str) -> TypeRef:
    """Read a type reference from its text, spaces or not."""
    text = "".join(text.split())
    return TypeRef(text, text.strip("[]!"), text.count("["))


def type_ref_of(node: ast.TypeNode) -> TypeRef:
    """Read a type reference from its AST node."""
    return type_ref(_type_text(node))


def _type_text(node: ast.TypeNode) -> str:
    if isinstance(node, ast.NonNullTypeNode):
        return f"{_type_text(node.type)}!"
    if isinstance(node, ast.ListTypeNode):
        return f"[{_type_text(node.type)}]"
    return cast("ast.NamedTypeNode", node).name.value


def constant(node: ast.ValueNode) -> object:
    """A constant as Python: enum values as their names, numbers as int or float."""
    match node:
        case ast.StringValueNode() | ast.EnumValueNode() | ast.BooleanValueNode():
            return node.value
        case ast.IntValueNode():
            return int(node.value)
        case ast.FloatValueNode():
            return float(node.value)
        case ast.ListValueNode():
            return [constant(item) for item in node.values or ()]
        case ast.ObjectValueNode():
            return {item.name.value: constant(item.value) for item in node.fields or ()}
        case _:
            return None


def arguments(directive: ast.DirectiveNode) -> Arguments:
    """The arguments of a directive application by name."""
    return {item.name.value: constant(item.value) for item in directive.arguments or ()}


def directives(nodes: Iterable[ast.DirectiveNode] | None, name: str) -> list[ast.DirectiveNode]:
    """The applications of one directive, in document order."""
    return [node for node in nodes or () if node.name.value == name]
