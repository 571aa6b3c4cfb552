"""What the supergraph calls the directives of specifications: as the subgraphs import them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.composition.codes import Code
from gateway.composition.merge.directives import MERGED_SPECIFICATIONS
from gateway.composition.model import Applied, Schema
from gateway.composition.reader import Subgraph
from gateway.composition.result import Location, Report

__all__ = ["applications", "imported_names"]


def imported_names(subgraphs: Iterable[Subgraph], report: Report) -> dict[str, str]:
    """Specification directive → alias, for those that every user imports under the same other name.

    Reports directives imported under different names. The long name (`@federation__tag`) of a
    directive that is not imported says nothing.
    """
    votes: dict[str, dict[str, Location]] = {}
    for subgraph in subgraphs:
        for name in sorted({a.name for a in applications(subgraph) if a.known} & set(MERGED_SPECIFICATIONS)):
            for alias, place in _imported(subgraph, name):
                votes.setdefault(name, {}).setdefault(alias, place)
    for name, aliases in votes.items():
        if len(aliases) > 1:
            told = " but ".join(
                f'"@{alias}" in subgraph "{place.subgraph}"' for alias, place in aliases.items()
            )
            report.error(
                Code.LINK_IMPORT_NAME_MISMATCH,
                f'The "@{name}" directive is imported under different names: {told}. Import it under one'
                " name.",
                aliases.values(),
            )
    return {name: alias for name, aliases in votes.items() for alias in aliases if alias != name}


def _imported(subgraph: Subgraph, name: str) -> Iterator[tuple[str, Location]]:
    if subgraph.federation_1:
        yield name, subgraph.whole
    for feature in subgraph.links.features:
        local = feature.imports.get(f"@{name}")
        if local is not None:
            yield local.lstrip("@"), feature.location


def applications(schema: Schema) -> Iterator[Applied]:
    """Every application of a directive anywhere in the schema."""
    yield from schema.applied
    for found in schema.types.values():
        yield from found.directives
        for value in found.values.values():
            yield from value.directives
        for field in found.fields.values():
            yield from field.directives
            for argument in field.arguments.values():
                yield from argument.directives
    for definition in schema.directives.values():
        for argument in definition.arguments.values():
            yield from argument.directives
