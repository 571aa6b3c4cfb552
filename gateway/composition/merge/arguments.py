"""Arguments of fields and directives: those that every subgraph has, with the strictest type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gateway.composition.codes import Code, HintCode
from gateway.composition.merge.defaults import Given, merge_default
from gateway.composition.merge.descriptions import merge_description
from gateway.composition.merge.directives import merge_directives
from gateway.composition.merge.state import NOWHERE, Merge, listed
from gateway.composition.merge.subtyping import most_specific
from gateway.composition.model import Argument

__all__ = ["ArgumentOwner", "merge_arguments"]


class ArgumentOwner(NamedTuple):
    """One subgraph's version of the field or directive, by the arguments it takes."""

    subgraph: str
    arguments: dict[str, Argument]


def merge_arguments(merge: Merge, coordinate: str, owners: Sequence[ArgumentOwner]) -> dict[str, Argument]:
    """Merge by intersection; `coordinate` is the owner's, such as `Customer.debts`.

    Reports arguments that are required here and unknown there, types and defaults that disagree.
    Arguments filled by `@fromContext` are the subgraph's own affair and never part of the result.
    """
    names = dict.fromkeys(name for owner in owners for name in owner.arguments)
    merged: dict[str, Argument] = {}
    for name in names:
        having = [o for o in owners if name in o.arguments]
        contextual = [o for o in having if o.arguments[name].has("fromContext")]
        if contextual:
            _check_contextual(merge, f"{coordinate}({name}:)", name, having, contextual)
            continue
        without = [o.subgraph for o in owners if name not in o.arguments]
        if without:
            _report_absent(merge, f"{coordinate}({name}:)", name, having, without)
            continue
        argument = _merge_one(merge, f"{coordinate}({name}:)", name, having)
        if argument is not None:
            merged[name] = argument
    return merged


def _check_contextual(
    merge: Merge, coordinate: str, name: str, having: list[ArgumentOwner], contextual: list[ArgumentOwner]
) -> None:
    plain = [o for o in having if o not in contextual]
    mandatory = [o for o in plain if o.arguments[name].is_required]
    places = [o.arguments[name].location for o in plain]
    if mandatory:
        merge.report.error(
            Code.CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS,
            f'Argument "{coordinate}" is filled by @fromContext in'
            f" {listed(o.subgraph for o in contextual)} but"
            f" required in {listed(o.subgraph for o in mandatory)}: make it contextual or optional there.",
            places,
        )
    elif plain:
        merge.report.hint(
            HintCode.CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS,
            f'Argument "{coordinate}" is filled by @fromContext in'
            f" {listed(o.subgraph for o in contextual)} but"
            f" not in {listed(o.subgraph for o in plain)}: it is left out of the supergraph.",
            places,
        )


def _report_absent(
    merge: Merge, coordinate: str, name: str, having: list[ArgumentOwner], without: list[str]
) -> None:
    places = [o.arguments[name].location for o in having]
    required = [o.subgraph for o in having if o.arguments[name].is_required]
    if required:
        merge.report.error(
            Code.REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH,
            f'Argument "{coordinate}" is required in {listed(required)} but does not exist in'
            f" {listed(without)}:"
            " add it there or make it optional.",
            places,
        )
        return
    merge.report.hint(
        HintCode.INCONSISTENT_ARGUMENT_PRESENCE,
        f'Optional argument "{coordinate}" will not be in the supergraph: it is defined in'
        f" {listed(o.subgraph for o in having)} but not in {listed(without)}.",
        places,
    )


def _merge_one(merge: Merge, coordinate: str, name: str, owners: list[ArgumentOwner]) -> Argument | None:
    copies = [o.arguments[name] for o in owners]
    merged_type = most_specific(merge.merged, (c.type for c in copies))
    if merged_type is None:
        told = " but ".join(f'"{o.arguments[name].type}" in "{o.subgraph}"' for o in owners)
        merge.report.error(
            Code.FIELD_ARGUMENT_TYPE_MISMATCH,
            f'Type of argument "{coordinate}" is incompatible across subgraphs: it is {told}.',
            (c.location for c in copies),
        )
        return None
    if any(c.type != merged_type for c in copies):
        merge.report.hint(
            HintCode.INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE,
            f'Type of argument "{coordinate}" is inconsistent but compatible across subgraphs: the supergraph'
            f' will use "{merged_type}", the strictest.',
            (c.location for c in copies),
        )
    given = [Given(o.subgraph, o.arguments[name].default, o.arguments[name].location) for o in owners]
    default = merge_default(merge, coordinate, Code.FIELD_ARGUMENT_DEFAULT_MISMATCH, given)
    merged = Argument(name, NOWHERE, type=merged_type, default=default)
    elements = [(o.subgraph, o.arguments[name]) for o in owners]
    merged.description = merge_description(merge, f'Argument "{coordinate}"', elements)
    merged.directives = merge_directives(merge, coordinate, elements)
    return merged
