"""Where types are used in the merged schema: as inputs, as outputs. Enums merge by it."""

from __future__ import annotations

from gateway.composition.merge.state import Merge
from gateway.composition.model import Kind
from gateway.composition.typeref import named_type

__all__ = ["find_usage"]


def find_usage(merge: Merge) -> None:
    """Record the names of all types used by an argument or input field, and by an output field.

    What some subgraph uses but the merge drops (an argument that another one lacks) does not count.
    """
    for definition in merge.merged.directives.values():
        merge.input_types.update(named_type(a.type) for a in definition.arguments.values())
    for owner in merge.merged.types.values():
        for field in owner.fields.values():
            used = merge.input_types if owner.kind is Kind.INPUT else merge.output_types
            used.add(named_type(field.type))
            merge.input_types.update(named_type(a.type) for a in field.arguments.values())
