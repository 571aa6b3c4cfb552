"""Access requirements that follow from others: up to interfaces, along `@requires` and contexts.

Without these a protected field could be read through an interface that its type implements, or have
its value leak through a field that is computed from it.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.composition.codes import Code
from gateway.composition.contextfield import parse_context_reference
from gateway.composition.fieldset import FieldSelection, Selection, parse_field_set
from gateway.composition.merge.demands import NOTHING, Demand, demand_of, set_demand
from gateway.composition.merge.state import Merge, Source
from gateway.composition.model import Applied, Field, Kind
from gateway.composition.reader import Subgraph
from gateway.composition.rules.access import ACCESS_DIRECTIVES
from gateway.composition.typeref import named_type

__all__ = ["check_transitive_access", "propagate_to_interfaces"]


def propagate_to_interfaces(merge: Merge) -> None:
    """Give interfaces and their fields every requirement of the types that implement them."""
    for interface in merge.merged.of_kind(Kind.INTERFACE):
        owners = [merge.merged.types[name] for name in merge.merged.implementers(interface.name)]
        demand = demand_of(interface)
        for owner in owners:
            demand &= demand_of(owner)
        if demand != NOTHING:
            set_demand(interface, demand)
        for field in interface.fields.values():
            demand = demand_of(field)
            for owner in owners:
                if field.name in owner.fields:
                    demand &= demand_of(owner.fields[field.name])
            if demand != NOTHING:
                set_demand(field, demand)


def check_transitive_access(merge: Merge) -> None:
    """Report fields that are computed from data which asks more of the caller than they do."""
    if not _any_demand(merge):
        return
    for name, sources in merge.sources.items():
        merged = merge.merged.types.get(name)
        if merged is None or merged.kind is not Kind.OBJECT:
            continue
        for source in sources:
            for field in source.type.fields.values():
                if field.name in merged.fields:
                    _check_field(merge, source, field)


def _any_demand(merge: Merge) -> bool:
    elements = (e for t in merge.merged.types.values() for e in (t, *t.fields.values()))
    return any(element.has(name) for element in elements for name in ACCESS_DIRECTIVES)


def _check_field(merge: Merge, source: Source, field: Field) -> None:
    dependencies = [*_required(source, field), *_contextual(source, field)]
    if not dependencies:
        return
    merged = merge.merged.types[source.type.name]
    own = demand_of(merged) & demand_of(merged.fields[field.name])
    for applied, base, selections in dependencies:
        for coordinate, demand in _demands(merge, source.subgraph, selections, base):
            if not own.implies(demand):
                merge.report.error(
                    Code.MISSING_TRANSITIVE_AUTH_REQUIREMENTS,
                    f'Field "{merged.name}.{field.name}" takes "{coordinate}" by @{applied.name}, which'
                    " asks more"
                    " of the caller: put the same @authenticated, @requiresScopes or @policy on it.",
                    applied.location,
                )


Dependency = tuple[Applied, str, tuple[Selection, ...]]


def _required(source: Source, field: Field) -> Iterator[Dependency]:
    for applied in field.all("requires"):
        yield applied, source.type.name, parse_field_set(applied.text("fields"))


def _contextual(source: Source, field: Field) -> Iterator[Dependency]:
    for argument in field.arguments.values():
        for applied in argument.all("fromContext"):
            reference = parse_context_reference(applied.text("field"))
            if reference is None:
                continue
            for owner in source.subgraph.types.values():
                if any(c.text("name") == reference.context for c in owner.all("context")):
                    yield applied, owner.name, parse_field_set(reference.selection)


def _demands(
    merge: Merge, subgraph: Subgraph, selections: tuple[Selection, ...], base: str
) -> Iterator[tuple[str, Demand]]:
    """Each selected field with what it, its owner and its type ask for."""
    for selection in selections:
        if not isinstance(selection, FieldSelection):
            condition = selection.condition or base
            if condition in merge.merged.types:
                yield f"{condition}", demand_of(merge.merged.types[condition])
            yield from _demands(merge, subgraph, selection.children, condition)
            continue
        owner = merge.merged.types.get(base)
        field = owner.fields.get(selection.name) if owner else None
        if field is None:
            continue
        demand = demand_of(field)
        target = merge.merged.types.get(named_type(field.type))
        if target is not None:
            demand &= demand_of(target)
        yield f"{base}.{selection.name}", demand
        own = subgraph.field(base, selection.name)
        yield from _demands(merge, subgraph, selection.children, named_type(own.type if own else field.type))
