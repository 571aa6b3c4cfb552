"""The merge, step by step: shells, contents, directive definitions, what interfaces hand down."""

from __future__ import annotations

from gateway.composition.facts import Facts
from gateway.composition.merge.access import propagate_to_interfaces
from gateway.composition.merge.carried import carried_directives
from gateway.composition.merge.contexts import context_names
from gateway.composition.merge.custom import compose_custom_directives
from gateway.composition.merge.descriptions import merge_description
from gateway.composition.merge.directives import merge_directives
from gateway.composition.merge.enums import merge_enum
from gateway.composition.merge.executable import merge_executable_directives
from gateway.composition.merge.fields import merge_fields
from gateway.composition.merge.inputs import merge_input
from gateway.composition.merge.interface_objects import copy_interface_object_fields
from gateway.composition.merge.state import Merge, Source
from gateway.composition.merge.types import merge_shells
from gateway.composition.merge.usage import find_usage
from gateway.composition.model import Element, Kind, TypeDef
from gateway.composition.reader import Subgraph
from gateway.composition.result import Report

__all__ = ["merge_subgraphs"]


def merge_subgraphs(subgraphs: list[Subgraph], facts: dict[str, Facts], report: Report) -> Merge:
    """Merge valid subgraphs, which are sorted by name; what disagrees is told in the report."""
    merge = Merge(subgraphs, facts, report)
    merge_shells(merge)
    compose_custom_directives(merge)
    for name, merged in list(merge.merged.types.items()):
        _fill(merge, merged, merge.sources[name])
    merge.merged.applied = merge_directives(
        merge, "schema", [(s.name, _schema_element(s)) for s in subgraphs]
    )
    merge.merged.description = merge_description(
        merge, "The schema", [(s.name, _schema_element(s)) for s in subgraphs]
    )
    merge_executable_directives(merge)
    find_usage(merge)
    for merged in merge.merged.of_kind(Kind.ENUM):
        merge_enum(merge, merged, merge.sources[merged.name])
    copy_interface_object_fields(merge)
    propagate_to_interfaces(merge)
    return merge


def _schema_element(subgraph: Subgraph) -> Element:
    return Element("schema", subgraph.whole, subgraph.description, subgraph.applied)


def _fill(merge: Merge, merged: TypeDef, sources: list[Source]) -> None:
    elements = [(source.subgraph.name, source.type) for source in sources]
    merged.description = merge_description(merge, f'Type "{merged.name}"', elements)
    merged.directives += merge_directives(merge, merged.name, elements)
    merged.directives += carried_directives([(source.subgraph, source.type) for source in sources])
    for source in sources:
        merged.directives += context_names(source)
    match merged.kind:
        case Kind.OBJECT | Kind.INTERFACE:
            merge_fields(merge, merged, sources)
        case Kind.INPUT:
            merge_input(merge, merged, sources)
        case Kind.SCALAR | Kind.UNION | Kind.ENUM:
            pass  # unions have their members already; enums need to know how they are used
