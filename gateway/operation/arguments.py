"""Arguments and values as canonical text."""

from __future__ import annotations

from collections.abc import Sequence

from graphql.language import ast
from graphql.language.print_string import print_string

from gateway.operation.selection import FieldArguments, NoArguments

__all__ = ["field_arguments", "print_value"]


def field_arguments(nodes: Sequence[ast.ArgumentNode] | None) -> FieldArguments:
    """Arguments sorted by name, as they are printed behind a field (`(limit: 3, order: $order)`)."""
    if not nodes:
        return NoArguments
    variables: set[str] = set()
    texts = sorted(f"{node.name.value}: {print_value(node.value, variables)}" for node in nodes)
    return FieldArguments(f"({', '.join(texts)})", frozenset(variables))


def print_value(node: ast.ValueNode, variables: set[str]) -> str:
    """A value as GraphQL text; the variables that occur in it are added to `variables`."""
    match node:
        case ast.VariableNode():
            variables.add(node.name.value)
            return f"${node.name.value}"
        case ast.StringValueNode():
            return print_string(node.value)
        case ast.BooleanValueNode():
            return "true" if node.value else "false"
        case ast.IntValueNode() | ast.FloatValueNode() | ast.EnumValueNode():
            return node.value
        case ast.ListValueNode():
            return f"[{', '.join(print_value(item, variables) for item in node.values or ())}]"
        case ast.ObjectValueNode():
            inside = (
                f"{item.name.value}: {print_value(item.value, variables)}" for item in node.fields or ()
            )
            return f"{{{', '.join(inside)}}}"
        case _:
            return "null"
