"""`@shareable`: a field may be resolved by several subgraphs only when all of them agree to it."""

from __future__ import annotations

from gateway.composition.codes import Code
from gateway.composition.merge.override import Copy
from gateway.composition.merge.state import Merge, listed
from gateway.composition.model import Kind
from gateway.composition.result import Location

__all__ = ["check_sharing"]


def check_sharing(merge: Merge, owner: str, name: str, copies: list[Copy]) -> None:
    """Report an object's field that several subgraphs resolve and not all of them share.

    A subgraph that knows an interface of the type as an object resolves the interface's fields for
    it too, so it counts here.
    """
    resolving: list[tuple[str, bool, Location, str]] = []
    for copy in copies:
        facts = merge.facts[copy.subgraph.name]
        if facts.is_resolved(owner, name) and not copy.overridden:
            # What a @provides lends is resolved here only below that path: it need not say shareable.
            shared = copy.external or copy.field.has("shareable") or (owner, name) in facts.keys
            resolving.append((copy.subgraph.name, shared, copy.field.location, ""))
    resolving += _through_interface_objects(merge, owner, name, {c.subgraph.name for c in copies})
    if len(resolving) < 2 or all(shared for _, shared, _, _ in resolving):
        return
    told = listed_with_notes([(subgraph, note) for subgraph, _, _, note in resolving])
    refusing = [subgraph for subgraph, shared, _, _ in resolving if not shared]
    where = "all of them" if len(refusing) == len(resolving) else listed(refusing)
    merge.report.error(
        Code.INVALID_FIELD_SHARING,
        f'Non-shareable field "{owner}.{name}" is resolved from multiple subgraphs: it is resolved from'
        f" {told}"
        f" and defined as non-shareable in {where}. Mark it @shareable everywhere, or resolve it in one"
        " only.",
        (place for _, _, place, _ in resolving),
    )


def listed_with_notes(entries: list[tuple[str, str]]) -> str:
    """Subgraph names with how they come to resolve the field."""
    return ", ".join(f'"{subgraph}"{note}' for subgraph, note in entries)


def _through_interface_objects(
    merge: Merge, owner: str, name: str, present: set[str]
) -> list[tuple[str, bool, Location, str]]:
    merged = merge.merged.types[owner]
    if merged.kind is not Kind.OBJECT:
        return []
    found = []
    for interface in merged.interfaces:
        for subgraph, known in merge.sources.get(interface, ()):
            if subgraph.name in present or not known.is_interface_object or name not in known.fields:
                continue
            if not merge.facts[subgraph.name].is_resolved(interface, name):
                continue
            field = known.fields[name]
            shared = field.has("shareable") or (interface, name) in merge.facts[subgraph.name].keys
            note = f' (through @interfaceObject field "{interface}.{name}")'
            found.append((subgraph.name, shared, field.location, note))
    return found
