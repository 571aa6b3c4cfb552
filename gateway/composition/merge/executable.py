"""Executable directives (`on FIELD`, `on QUERY`, …): a client may use what every subgraph knows."""

from __future__ import annotations

from gateway.composition.codes import HintCode
from gateway.composition.merge.arguments import ArgumentOwner, merge_arguments
from gateway.composition.merge.descriptions import merge_description
from gateway.composition.merge.state import NOWHERE, Merge, listed
from gateway.composition.model import DirectiveDef

__all__ = ["EXECUTABLE_LOCATIONS", "merge_executable_directives"]

EXECUTABLE_LOCATIONS = frozenset(
    {
        "QUERY",
        "MUTATION",
        "SUBSCRIPTION",
        "FIELD",
        "FRAGMENT_DEFINITION",
        "FRAGMENT_SPREAD",
        "INLINE_FRAGMENT",
        "VARIABLE_DEFINITION",
    }
)
_BUILT_IN = frozenset({"skip", "include", "deprecated", "specifiedBy", "oneOf", "defer", "stream"})

Definitions = list[tuple[str, DirectiveDef]]


def merge_executable_directives(merge: Merge) -> None:
    """Define in the result what all subgraphs define, with common locations and arguments."""
    names = {name for subgraph in merge.subgraphs for name in subgraph.directives} - _BUILT_IN
    for name in sorted(names - set(merge.merged.directives)):
        found = [(s.name, s.directives[name]) for s in merge.subgraphs if name in s.directives]
        if not any(_executable(definition) for _, definition in found):
            continue
        merged = _merge(merge, name, found)
        if merged is not None:
            merge.merged.directives[name] = merged


def _executable(definition: DirectiveDef) -> set[str]:
    return set(definition.locations) & EXECUTABLE_LOCATIONS


def _merge(merge: Merge, name: str, found: Definitions) -> DirectiveDef | None:
    places = [definition.location for _, definition in found]
    missing = [s.name for s in merge.subgraphs if name not in s.directives]
    if missing:
        merge.report.hint(
            HintCode.INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE,
            f'Executable directive "@{name}" will not be in the supergraph: it is not defined in'
            f" {listed(missing)}.",
            places,
        )
        return None
    common = set.intersection(*(_executable(definition) for _, definition in found))
    if not common:
        merge.report.hint(
            HintCode.NO_EXECUTABLE_DIRECTIVE_INTERSECTION,
            f'Executable directive "@{name}" will not be in the supergraph: no location is common to all'
            " subgraphs.",
            places,
        )
        return None
    if any(_executable(definition) != common for _, definition in found):
        merge.report.hint(
            HintCode.INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS,
            f'Executable directive "@{name}" has different locations across subgraphs: the supergraph'
            " will have"
            f" {', '.join(sorted(common))}, which all have.",
            places,
        )
    repeatable = all(definition.repeatable for _, definition in found)
    if not repeatable and any(definition.repeatable for _, definition in found):
        merge.report.hint(
            HintCode.INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE,
            f'Executable directive "@{name}" will not be repeatable in the supergraph, as it is not'
            " everywhere.",
            places,
        )
    return DirectiveDef(
        name,
        NOWHERE,
        merge_description(merge, f'Directive "@{name}"', found),
        arguments=merge_arguments(merge, f"@{name}", [ArgumentOwner(s, d.arguments) for s, d in found]),
        locations=tuple(sorted(common)),
        repeatable=repeatable,
    )
