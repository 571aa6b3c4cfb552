"""Directives that stay with their subgraphs: carried in the supergraph by `@join__directive`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from gateway.composition.merge.state import NOWHERE
from gateway.composition.model import Applied, Element
from gateway.composition.reader import Subgraph
from gateway.composition.values import EnumName, Struct

__all__ = ["CARRIED", "carried_directives"]

E = TypeVar("E", bound=Element)

# Directive → the name under which it is carried.
CARRIED = {"cacheTag": "federation__cacheTag"}


def carried_directives(elements: Sequence[tuple[Subgraph, E]]) -> list[Applied]:
    """One `@join__directive` for every different application, naming the subgraphs that have it."""
    groups: dict[tuple[str, Struct], list[EnumName]] = {}
    for subgraph, element in elements:
        for applied in element.directives:
            if applied.known and applied.name in CARRIED:
                signature = (CARRIED[applied.name], Struct(tuple(applied.arguments.items())))
                groups.setdefault(signature, []).append(EnumName(subgraph.graph))
    return [
        Applied("join__directive", {"graphs": tuple(graphs), "name": name, "args": arguments}, NOWHERE)
        for (name, arguments), graphs in groups.items()
    ]
