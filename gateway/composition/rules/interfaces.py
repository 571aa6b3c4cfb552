"""Keys on interfaces and `@interfaceObject`, as far as one subgraph can tell."""

from __future__ import annotations

from gateway.composition.codes import Code
from gateway.composition.fieldset import FieldSetSyntaxError, Selection, parse_field_set
from gateway.composition.model import Applied, Kind, TypeDef
from gateway.composition.reader import Subgraph
from gateway.composition.result import Report

__all__ = ["check_interfaces"]


def check_interfaces(subgraph: Subgraph, report: Report) -> None:
    """Report interface keys that implementations lack, and interface objects that are no entities."""
    for owner in subgraph.types.values():
        if owner.kind is Kind.INTERFACE:
            for key in owner.all("key"):
                _check_key(subgraph, owner, key, report)
        elif owner.kind is Kind.OBJECT and owner.is_interface_object and not owner.has("key"):
            report.error(
                Code.INTERFACE_OBJECT_USAGE_ERROR,
                f'@interfaceObject type "{owner.name}" has no @key in this subgraph: without one nothing'
                " could"
                " reach its fields.",
                owner.location,
            )


def _check_key(subgraph: Subgraph, owner: TypeDef, key: Applied, report: Report) -> None:
    wanted = _canonical(key)
    if wanted is None:
        return
    missing, unresolvable = [], []
    for name in subgraph.implementers(owner.name):
        matching = [k for k in subgraph.types[name].all("key") if _canonical(k) == wanted]
        if not matching:
            missing.append(name)
        elif _is_resolvable(key) and not any(_is_resolvable(k) for k in matching):
            unresolvable.append(name)
    for names, told in ((missing, "is missing"), (unresolvable, "should be resolvable")):
        if names:
            report.error(
                Code.INTERFACE_KEY_NOT_ON_IMPLEMENTATION,
                f'@key(fields: "{key.text("fields")}") of interface "{owner.name}" {told} on its'
                f" implementations {', '.join(sorted(names))}.",
                key.location,
                (subgraph.types[name].location for name in names),
            )


def _canonical(key: Applied) -> frozenset[Selection] | None:
    try:
        return frozenset(parse_field_set(key.text("fields")))
    except FieldSetSyntaxError:
        return None


def _is_resolvable(key: Applied) -> bool:
    return key.arguments.get("resolvable") is not False
