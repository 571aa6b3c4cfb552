"""`@interfaceObject`: its fields belong to every implementation of the interface too."""

from __future__ import annotations

from gateway.composition.merge.state import NOWHERE, Merge
from gateway.composition.model import Applied, Argument, Field, Kind

__all__ = ["copy_interface_object_fields"]


def copy_interface_object_fields(merge: Merge) -> None:
    """Give each implementation the interface's fields that only interface objects supply.

    The copies carry a bare `@join__field`: no subgraph resolves them on the object itself.
    """
    for interface in list(merge.merged.of_kind(Kind.INTERFACE)):
        supplied = _supplied(merge, interface.name)
        for name in merge.merged.implementers(interface.name):
            owner = merge.merged.types[name]
            for field_name in supplied:
                field = interface.fields.get(field_name)
                if field is not None and field_name not in owner.fields:
                    owner.fields[field_name] = _copy(field)


def _supplied(merge: Merge, interface: str) -> list[str]:
    names: dict[str, None] = {}
    for subgraph, found in merge.sources[interface]:
        if merge.is_interface_object(interface, subgraph):
            names.update(dict.fromkeys(found.fields))
    return list(names)


def _copy(field: Field) -> Field:
    bare = Applied("join__field", {}, NOWHERE)
    arguments = {
        a.name: Argument(a.name, NOWHERE, a.description, list(a.directives), type=a.type, default=a.default)
        for a in field.arguments.values()
    }
    kept = [d for d in field.directives if not d.name.startswith("join__")]
    return Field(field.name, NOWHERE, field.description, [*kept, bare], type=field.type, arguments=arguments)
