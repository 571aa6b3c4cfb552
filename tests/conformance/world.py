"""Words for conformance cases: a world is a small federation, a case one operation over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.kit.federation import Federation, Result
from tests.kit.subgraph_double import Data, SubgraphDouble

__all__ = ["FED", "Case", "World", "fed1", "fed2"]

_IMPORTS = (
    "@key",
    "@external",
    "@requires",
    "@provides",
    "@shareable",
    "@inaccessible",
    "@override",
    "@interfaceObject",
    "@extends",
    "@tag",
    "@context",
    "@fromContext",
)
FED = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ['
    + ", ".join(f'"{name}"' for name in _IMPORTS)
    + "])\n"
)


@dataclass(frozen=True)
class Case:
    """One operation, and all that must come of it."""

    #: What is shown, as a sentence.
    title: str
    query: str
    data: Any
    #: Paths of the errors, in any order.
    errors: tuple[tuple[Any, ...], ...] = ()
    #: Codes of the errors, where these matter more than the paths.
    codes: tuple[str, ...] | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    labels: frozenset[str] = frozenset()
    #: What the resolvers wrote into the world's journal, where that matters.
    journal: tuple[str, ...] | None = None


@dataclass(frozen=True)
class World:
    """A federation and its cases."""

    name: str
    federation: Federation
    cases: tuple[Case, ...]
    #: Resolvers with effects write here; it is emptied before each case.
    journal: list[str] = field(default_factory=list)

    def run(self, case: Case) -> Result:
        """Run a case with an empty journal."""
        self.journal.clear()
        return self.federation.run(case.query, case.variables, case.labels)


def fed2(name: str, sdl: str, data: Data) -> SubgraphDouble:
    """A Federation 2 subgraph; the `@link` is added."""
    return SubgraphDouble(name, FED + sdl, data)


def fed1(name: str, sdl: str, data: Data) -> SubgraphDouble:
    """A Federation 1 subgraph: no `@link`."""
    return SubgraphDouble(name, sdl, data)
