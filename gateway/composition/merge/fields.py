"""Fields of objects and interfaces: the union of what the subgraphs have, with one common type."""

from __future__ import annotations

from gateway.composition.codes import Code, HintCode
from gateway.composition.merge.arguments import ArgumentOwner, merge_arguments
from gateway.composition.merge.carried import carried_directives
from gateway.composition.merge.descriptions import merge_description
from gateway.composition.merge.directives import merge_directives
from gateway.composition.merge.external import check_externals
from gateway.composition.merge.joins import join_fields
from gateway.composition.merge.override import Copy, apply_overrides
from gateway.composition.merge.sharing import check_sharing
from gateway.composition.merge.state import NOWHERE, Merge, Source, listed
from gateway.composition.merge.subtyping import most_general
from gateway.composition.model import Field, Kind, TypeDef
from gateway.composition.typeref import TypeRef

__all__ = ["merge_fields"]


def merge_fields(merge: Merge, merged: TypeDef, sources: list[Source]) -> None:
    """Fill in the merged type's fields, in order of first appearance over the sorted subgraphs."""
    for name in dict.fromkeys(name for source in sources for name in source.type.fields):
        field = _merge_field(merge, merged, name, sources)
        if field is not None:
            merged.fields[name] = field
    _hint_value_type(merge, merged, sources)


def _merge_field(merge: Merge, owner: TypeDef, name: str, sources: list[Source]) -> Field | None:
    coordinate = f"{owner.name}.{name}"
    copies = [
        Copy(
            source.subgraph,
            owner.name,
            source.type.fields[name],
            external=(owner.name, name) in merge.facts[source.subgraph.name].external,
        )
        for source in sources
        if name in source.type.fields
    ]
    if all(copy.external for copy in copies):
        merge.report.error(
            Code.EXTERNAL_MISSING_ON_BASE,
            f'Field "{coordinate}" is marked @external on all the subgraphs in which it is listed'
            f" ({listed(c.subgraph.name for c in copies)}): one subgraph must resolve it.",
            (copy.field.location for copy in copies),
        )
        return None
    apply_overrides(merge, coordinate, copies)
    if owner.kind is Kind.OBJECT:
        check_sharing(merge, owner.name, name, copies)
    # Overridden copies count: what protects or describes the field there is not lost by the move.
    resolving = [copy for copy in copies if not copy.external]
    merged_type = _merge_type(merge, coordinate, resolving)
    if merged_type is None:
        return None
    merged = Field(name, NOWHERE, type=merged_type)
    elements = [(copy.subgraph.name, copy.field) for copy in resolving]
    merged.arguments = merge_arguments(
        merge, coordinate, [ArgumentOwner(subgraph, field.arguments) for subgraph, field in elements]
    )
    merged.description = merge_description(merge, f'Field "{coordinate}"', elements)
    merged.directives = merge_directives(merge, coordinate, elements)
    check_externals(merge, coordinate, merged, copies)
    merged.directives += carried_directives([(c.subgraph, c.field) for c in resolving])
    merged.directives += join_fields(merge, owner.name, merged, copies)
    return merged


def _merge_type(merge: Merge, coordinate: str, copies: list[Copy]) -> TypeRef | None:
    merged_type = most_general(merge.merged, (copy.field.type for copy in copies))
    if merged_type is None:
        told = " but ".join(f'"{copy.field.type}" in "{copy.subgraph.name}"' for copy in copies)
        merge.report.error(
            Code.FIELD_TYPE_MISMATCH,
            f'Type of field "{coordinate}" is incompatible across subgraphs: it is {told}.',
            (copy.field.location for copy in copies),
        )
        return None
    if any(copy.field.type != merged_type for copy in copies):
        merge.report.hint(
            HintCode.INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE,
            f'Type of field "{coordinate}" is inconsistent but compatible across subgraphs: the'
            " supergraph will"
            f' use "{merged_type}", which holds the values of all.',
            (copy.field.location for copy in copies),
        )
    return merged_type


def _hint_value_type(merge: Merge, merged: TypeDef, sources: list[Source]) -> None:
    """Tell of fields that only some subgraphs have, where no key could bring one to the others."""
    if len(sources) < 2 or merged.name in ("Query", "Mutation", "Subscription"):
        return
    if merged.kind is Kind.OBJECT and any(s.type.has("key") for s in sources):
        return
    if any(s.type.is_interface_object for s in sources):
        return
    code, noun = (
        (HintCode.INCONSISTENT_OBJECT_VALUE_TYPE_FIELD, "non-entity object type")
        if merged.kind is Kind.OBJECT
        else (HintCode.INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD, "interface type")
    )
    for name in merged.fields:
        without = [s.subgraph.name for s in sources if name not in s.type.fields]
        if not without:
            continue
        having = [s.subgraph.name for s in sources if name in s.type.fields]
        merge.report.hint(
            code,
            f'Field "{merged.name}.{name}" of {noun} "{merged.name}" is defined in {listed(having)} but'
            " not in"
            f" {listed(without)}.",
            (s.type.location for s in sources if name not in s.type.fields),
        )
