"""Field sets: the selections inside `@key`, `@requires`, `@provides` and `@fromContext`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from graphql import GraphQLSyntaxError, parse
from graphql import language as ast

from gateway.composition.values import Const, constant, literal

__all__ = [
    "FieldSelection",
    "FieldSetSyntaxError",
    "FragmentSelection",
    "Selection",
    "parse_field_set",
    "print_field_set",
]


@dataclass(frozen=True, slots=True)
class FieldSelection:
    """A field, its constant arguments and what is selected below it."""

    name: str
    arguments: tuple[tuple[str, Const], ...] = ()
    children: tuple[Selection, ...] = ()
    alias: str | None = None
    directives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FragmentSelection:
    """An inline fragment; without a type condition it only groups."""

    condition: str | None
    children: tuple[Selection, ...]
    directives: tuple[str, ...] = ()


Selection: TypeAlias = FieldSelection | FragmentSelection


class FieldSetSyntaxError(ValueError):
    """The text is no selection set; the message says where it stops being one."""


@lru_cache(maxsize=8192)
def parse_field_set(text: str) -> tuple[Selection, ...]:
    """Read a selection set, with or without its outer braces.

    Raises FieldSetSyntaxError for anything that is not exactly one anonymous selection set.
    """
    try:
        document = parse(text if text.lstrip().startswith("{") else f"{{{text}}}", no_location=True)
    except GraphQLSyntaxError as error:
        raise FieldSetSyntaxError(error.message) from error
    if len(document.definitions) != 1 or not isinstance(document.definitions[0], ast.OperationDefinitionNode):
        raise FieldSetSyntaxError("expected one selection of fields")
    selections = _selections(document.definitions[0].selection_set)
    if not selections:
        raise FieldSetSyntaxError("expected one selection of fields, found none")
    return selections


def _selections(node: ast.SelectionSetNode | None) -> tuple[Selection, ...]:
    return tuple(_selection(item) for item in (node.selections if node else ()) or ())


def _selection(node: ast.SelectionNode) -> Selection:
    directives = tuple(d.name.value for d in node.directives or ())
    if isinstance(node, ast.FieldNode):
        return FieldSelection(
            node.name.value,
            tuple((a.name.value, constant(a.value)) for a in node.arguments or ()),
            _selections(node.selection_set),
            node.alias.value if node.alias else None,
            directives,
        )
    if isinstance(node, ast.InlineFragmentNode):
        condition = node.type_condition.name.value if node.type_condition else None
        return FragmentSelection(condition, _selections(node.selection_set), directives)
    raise FieldSetSyntaxError("named fragments cannot be used here")


def print_field_set(selections: tuple[Selection, ...]) -> str:
    """The canonical text, without outer braces."""
    return " ".join(_print(selection) for selection in selections)


def _print(selection: Selection) -> str:
    match selection:
        case FieldSelection(name, arguments, children, alias):
            head = f"{alias}: {name}" if alias else name
            if arguments:
                head += f"({', '.join(f'{key}: {literal(value)}' for key, value in arguments)})"
            return f"{head} {{ {print_field_set(children)} }}" if children else head
        case FragmentSelection(condition, children):
            head = f"... on {condition}" if condition else "..."
            return f"{head} {{ {print_field_set(children)} }}"
