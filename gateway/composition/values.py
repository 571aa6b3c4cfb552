"""Constant GraphQL values (directive arguments, defaults) as hashable Python values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TypeAlias

from graphql import language as ast

__all__ = ["Const", "EnumName", "Struct", "constant", "literal", "mapping"]


@dataclass(frozen=True, slots=True)
class EnumName:
    """An enum value, written bare."""

    name: str


@dataclass(frozen=True, slots=True)
class Struct:
    """An input object; entries keep the order in which they were written."""

    entries: tuple[tuple[str, Const], ...]

    def get(self, key: str) -> Const:
        """The entry's value, or None."""
        return next((value for name, value in self.entries if name == key), None)


Const: TypeAlias = bool | int | float | str | EnumName | Struct | tuple["Const", ...] | None


def constant(node: ast.ValueNode) -> Const:
    """Read a constant value; a variable, which SDL cannot have, is read as null."""
    match node:
        case ast.StringValueNode():
            return node.value
        case ast.BooleanValueNode():
            return node.value
        case ast.IntValueNode():
            return int(node.value)
        case ast.FloatValueNode():
            return float(node.value)
        case ast.EnumValueNode():
            return EnumName(node.value)
        case ast.ListValueNode():
            return tuple(constant(item) for item in node.values or ())
        case ast.ObjectValueNode():
            return Struct(tuple((entry.name.value, constant(entry.value)) for entry in node.fields or ()))
        case _:
            return None


def literal(value: Const) -> str:
    """The value as GraphQL text."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case EnumName(name):
            return name
        case tuple():
            return f"[{', '.join(map(literal, value))}]"
        case Struct(entries):
            return f"{{{', '.join(f'{name}: {literal(item)}' for name, item in entries)}}}"


def mapping(**entries: Const) -> dict[str, Const]:
    """Directive arguments from keywords, without those that are None."""
    return {name: value for name, value in entries.items() if value is not None}
