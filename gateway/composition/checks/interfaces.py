"""Interfaces after the merge: implementations complete, keys reaching all of them."""

from __future__ import annotations

from gateway.composition.codes import Code
from gateway.composition.merge.state import Merge, Source, listed
from gateway.composition.model import Kind
from gateway.composition.result import Location

__all__ = ["check_merged_interfaces"]


def check_merged_interfaces(merge: Merge) -> None:
    """Report fields that implementations lack and subgraphs that cannot tell an interface's types."""
    for interface in merge.merged.of_kind(Kind.INTERFACE):
        _check_fields(merge, interface.name)
        for source in merge.sources[interface.name]:
            if source.type.kind is Kind.INTERFACE:
                _check_key(merge, source)
            else:
                _check_interface_object(merge, source)


def _check_key(merge: Merge, source: Source) -> None:
    """Who is asked for any object of the interface by key must be able to answer with each type."""
    subgraph, known = source
    key = next((k for k in known.all("key") if k.arguments.get("resolvable") is not False), None)
    missing = set(merge.merged.implementers(known.name)) - set(subgraph.implementers(known.name))
    if key is not None and missing:
        merge.report.error(
            Code.INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE,
            f'Interface type "{known.name}" has a resolvable @key(fields: "{key.text("fields")}") in subgraph'
            f' "{subgraph.name}", which lacks its implementation types {listed(missing)}: define them there,'
            " or make the key resolvable: false.",
            key.location,
        )


def _check_interface_object(merge: Merge, source: Source) -> None:
    subgraph, known = source
    defined = set(merge.merged.implementers(known.name)) & set(subgraph.types)
    if defined:
        merge.report.error(
            Code.INTERFACE_OBJECT_USAGE_ERROR,
            f'Interface type "{known.name}" is an @interfaceObject in subgraph "{subgraph.name}", which'
            " must not"
            f" define its implementation types, but defines {listed(defined)}.",
            known.location,
            (subgraph.types[name].location for name in sorted(defined)),
        )


def _check_fields(merge: Merge, name: str) -> None:
    interface = merge.merged.types[name]
    for owner in merge.merged.of_kind(Kind.OBJECT, Kind.INTERFACE):
        if name not in owner.interfaces:
            continue
        for field in interface.fields:
            if field in owner.fields or any(field in s.type.fields for s in merge.sources[owner.name]):
                continue  # there, or dropped for an error that is told already
            places: list[Location] = [s.type.location for s in merge.sources[owner.name]]
            with_field = [s.subgraph.name for s in merge.sources[name] if field in s.type.fields]
            merge.report.error(
                Code.INTERFACE_FIELD_NO_IMPLEM,
                f'Interface field "{name}.{field}" is declared in {listed(with_field)} but type'
                f' "{owner.name}",'
                f' which implements "{name}", has no field "{field}" in any subgraph: add it.',
                places,
            )
