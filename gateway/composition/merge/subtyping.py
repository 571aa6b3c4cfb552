"""When two subgraphs' types of one field fit together, and which of them the supergraph takes."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.composition.model import Kind, Schema
from gateway.composition.typeref import ListOf, Named, NonNull, TypeRef

__all__ = ["is_subtype", "most_general", "most_specific"]


def is_subtype(schema: Schema, narrow: TypeRef, wide: TypeRef) -> bool:
    """Whether every value of `narrow` is one of `wide`: by nullability, membership, implementation."""
    if narrow == wide:
        return True
    if isinstance(narrow, NonNull):
        return is_subtype(schema, narrow.of, wide.of if isinstance(wide, NonNull) else wide)
    if isinstance(wide, NonNull):
        return False
    if isinstance(narrow, ListOf) and isinstance(wide, ListOf):
        return is_subtype(schema, narrow.of, wide.of)
    if isinstance(narrow, Named) and isinstance(wide, Named):
        return _is_member(schema, narrow.name, wide.name)
    return False


def _is_member(schema: Schema, narrow: str, wide: str) -> bool:
    target, source = schema.types.get(wide), schema.types.get(narrow)
    if target is None or source is None:
        return False
    if target.kind is Kind.UNION:
        return narrow in target.members
    return target.kind is Kind.INTERFACE and wide in source.interfaces


def most_general(schema: Schema, types: Iterable[TypeRef]) -> TypeRef | None:
    """The type among `types` that holds the values of all others; None when there is none."""
    return _extreme(schema, types, general=True)


def most_specific(schema: Schema, types: Iterable[TypeRef]) -> TypeRef | None:
    """The type among `types` whose values all others hold; None when there is none."""
    return _extreme(schema, types, general=False)


def _extreme(schema: Schema, types: Iterable[TypeRef], *, general: bool) -> TypeRef | None:
    distinct = list(dict.fromkeys(types))
    for candidate in distinct:
        others = (other for other in distinct if other is not candidate)
        if all(
            is_subtype(schema, other, candidate) if general else is_subtype(schema, candidate, other)
            for other in others
        ):
            return candidate
    return None
