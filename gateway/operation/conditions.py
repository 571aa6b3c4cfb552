"""`@skip` and `@include`, decided before planning from the values of their variables."""

from __future__ import annotations

from collections.abc import Mapping

from graphql import BooleanValueNode, SelectionNode, VariableNode

__all__ = ["is_selected"]


def is_selected(selection: SelectionNode, conditions: Mapping[str, bool]) -> bool:
    """Whether the directives of a selection leave it in the operation."""
    for directive in selection.directives or ():
        name = directive.name.value
        if name not in ("skip", "include"):
            continue
        for argument in directive.arguments or ():
            value = argument.value
            if isinstance(value, VariableNode):
                met = conditions[value.name.value]
            else:
                met = isinstance(value, BooleanValueNode) and value.value
            if met is (name == "skip"):
                return False
    return True
