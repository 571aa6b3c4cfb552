"""When a field of the supergraph carries `@join__field`, and with which arguments."""

from __future__ import annotations

from gateway.composition.fieldset import parse_field_set, print_field_set
from gateway.composition.merge.contexts import context_arguments
from gateway.composition.merge.override import Copy
from gateway.composition.merge.state import Merge, join
from gateway.composition.model import Applied, Field

__all__ = ["join_fields"]


def join_fields(merge: Merge, owner: str, merged: Field, copies: list[Copy]) -> list[Applied]:
    """The join directives; none when every subgraph with the type resolves the same plain field."""
    kept = [copy for copy in copies if not copy.is_gone]
    same_type = all(copy.field.type == merged.type for copy in kept)
    plain = same_type and not any(_is_special(copy) for copy in kept)
    if plain and len(kept) == len(merge.sources[owner]):
        return []
    return [_join_field(copy, same_type) for copy in kept]


def _is_special(copy: Copy) -> bool:
    directives = ("requires", "provides")
    return (
        copy.external
        or copy.overridden
        or any(copy.field.has(name) for name in directives)
        or any(a.has("fromContext") for a in copy.field.arguments.values())
    )


def _join_field(copy: Copy, same_type: bool) -> Applied:
    override = copy.field.first("override")
    return join(
        "field",
        copy.subgraph,
        requires=_field_set(copy.field, "requires"),
        provides=_field_set(copy.field, "provides"),
        type=None if same_type else str(copy.field.type),
        external=True if copy.external else None,
        override=override.text("from") if override else None,
        usedOverridden=True if copy.used_overridden else None,
        overrideLabel=copy.label,
        contextArguments=context_arguments(copy),
    )


def _field_set(field: Field, directive: str) -> str | None:
    applied = field.first(directive)
    return print_field_set(parse_field_set(applied.text("fields"))) if applied else None
