"""Input objects: the fields that every subgraph knows, with the strictest type."""

from __future__ import annotations

from gateway.composition.codes import Code, HintCode
from gateway.composition.merge.defaults import Given, merge_default
from gateway.composition.merge.descriptions import merge_description
from gateway.composition.merge.directives import merge_directives
from gateway.composition.merge.state import NOWHERE, Merge, Source, join, listed
from gateway.composition.merge.subtyping import most_specific
from gateway.composition.model import Field, TypeDef

__all__ = ["merge_input"]


def merge_input(merge: Merge, merged: TypeDef, sources: list[Source]) -> None:
    """Fill in the fields; a client can only send what every subgraph accepts."""
    for name in dict.fromkeys(name for s in sources for name in s.type.fields):
        having = [s for s in sources if name in s.type.fields]
        without = [s.subgraph.name for s in sources if name not in s.type.fields]
        if without:
            _report_absent(merge, merged.name, name, having, without)
            continue
        field = _merge_field(merge, f"{merged.name}.{name}", name, having)
        if field is not None:
            merged.fields[name] = field
    if not merged.fields:
        merge.report.error(
            Code.EMPTY_MERGED_INPUT_TYPE,
            f'None of the fields of input object type "{merged.name}" are defined in all the subgraphs that'
            f" define it ({listed(s.subgraph.name for s in sources)}).",
            (s.type.location for s in sources),
        )


def _report_absent(merge: Merge, owner: str, name: str, having: list[Source], without: list[str]) -> None:
    places = [s.type.fields[name].location for s in having]
    required = [s.subgraph.name for s in having if s.type.fields[name].is_required]
    if required:
        merge.report.error(
            Code.REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH,
            f'Input object field "{owner}.{name}" is required in {listed(required)} but does not exist in'
            f" {listed(without)}: add it there or make it optional.",
            places,
        )
        return
    merge.report.hint(
        HintCode.INCONSISTENT_INPUT_OBJECT_FIELD,
        f'Input object field "{owner}.{name}" will not be in the supergraph: it is defined in'
        f" {listed(s.subgraph.name for s in having)} but not in {listed(without)}.",
        places,
    )


def _merge_field(merge: Merge, coordinate: str, name: str, sources: list[Source]) -> Field | None:
    copies = [s.type.fields[name] for s in sources]
    merged_type = most_specific(merge.merged, (c.type for c in copies))
    if merged_type is None:
        told = " but ".join(f'"{s.type.fields[name].type}" in "{s.subgraph.name}"' for s in sources)
        merge.report.error(
            Code.FIELD_TYPE_MISMATCH,
            f'Type of input field "{coordinate}" is incompatible across subgraphs: it is {told}.',
            (c.location for c in copies),
        )
        return None
    given = [
        Given(s.subgraph.name, s.type.fields[name].default, s.type.fields[name].location) for s in sources
    ]
    default = merge_default(merge, coordinate, Code.INPUT_FIELD_DEFAULT_MISMATCH, given)
    merged = Field(name, NOWHERE, type=merged_type, default=default)
    elements = [(s.subgraph.name, s.type.fields[name]) for s in sources]
    merged.description = merge_description(merge, f'Input field "{coordinate}"', elements)
    merged.directives = merge_directives(merge, coordinate, elements)
    if any(c.type != merged_type for c in copies):
        merge.report.hint(
            HintCode.INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE,
            f'Type of input field "{coordinate}" is inconsistent but compatible across subgraphs: the'
            f' supergraph will use "{merged_type}", the strictest.',
            (c.location for c in copies),
        )
        merged.directives += [join("field", s.subgraph, type=str(s.type.fields[name].type)) for s in sources]
    return merged
