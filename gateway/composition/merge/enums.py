"""Enums: what a client may send must be known everywhere, what it may get anywhere."""

from __future__ import annotations

from gateway.composition.codes import Code, HintCode
from gateway.composition.merge.descriptions import merge_description
from gateway.composition.merge.directives import merge_directives
from gateway.composition.merge.state import NOWHERE, Merge, Source, join, listed
from gateway.composition.model import EnumValue, TypeDef

__all__ = ["merge_enum"]


def merge_enum(merge: Merge, merged: TypeDef, sources: list[Source]) -> None:
    """Fill in the values: for outputs or no use all, for inputs the common ones; for both all must agree."""
    name = merged.name
    is_input, is_output = name in merge.input_types, name in merge.output_types
    if not is_input and not is_output:
        merge.report.hint(
            HintCode.UNUSED_ENUM_TYPE,
            f'Enum type "{name}" is defined but unused: it is merged as if it were an output type.',
            (s.type.location for s in sources),
        )
    for value in dict.fromkeys(value for s in sources for value in s.type.values):
        having = [s for s in sources if value in s.type.values]
        without = [s.subgraph.name for s in sources if value not in s.type.values]
        if without and not _kept(merge, name, value, having, without):
            continue
        elements = [(s.subgraph.name, s.type.values[value]) for s in having]
        coordinate = f"{name}.{value}"
        result = EnumValue(value, NOWHERE, merge_description(merge, f'Value "{coordinate}"', elements))
        result.directives = merge_directives(merge, coordinate, elements)
        result.directives += [join("enumValue", s.subgraph) for s in having]
        merged.values[value] = result
    if not merged.values:
        merge.report.error(
            Code.EMPTY_MERGED_ENUM_TYPE,
            f'None of the values of enum type "{name}" are defined in all the subgraphs that define it'
            f" ({listed(s.subgraph.name for s in sources)}), and as an input it may only have such values.",
            (s.type.location for s in sources),
        )


def _kept(merge: Merge, name: str, value: str, having: list[Source], without: list[str]) -> bool:
    """Whether a value that some subgraphs lack stays."""
    is_input, is_output = name in merge.input_types, name in merge.output_types
    places = [s.type.values[value].location for s in having]
    told = f'"{value}" is defined in {listed(s.subgraph.name for s in having)} but not in {listed(without)}'
    if is_input and is_output:
        if any(s.type.values[value].has("inaccessible") for s in having):
            return True  # no client sends or gets it
        merge.report.error(
            Code.ENUM_VALUE_MISMATCH,
            f'Enum type "{name}" is used both as input and as output, so all subgraphs must agree on its'
            f" values, but {told}. Add the value there, or mark it @inaccessible until then.",
            places,
        )
        return True
    if is_input:
        merge.report.hint(
            HintCode.INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM,
            f'Value "{value}" of input enum "{name}" will not be in the supergraph: {told}.',
            places,
        )
        return False
    merge.report.hint(
        HintCode.INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM,
        f'Value "{value}" of output enum "{name}" is not in all subgraphs: {told}.',
        places,
    )
    return True
