"""The supergraph as the rest of the gateway sees it: loaded once, never changed afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import GraphQLSchema

from gateway.supergraph.join import Subgraph, TypeIn, TypeTable
from gateway.supergraph.requirements import AuthRequirements

__all__ = ["Supergraph"]

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Supergraph:
    """A verified supergraph. Two loads of one text are two objects with the same `digest`."""

    sdl: str = field(repr=False)
    #: SHA-256 of the text, in hexadecimal.
    digest: str
    #: What clients see: validation, introspection and projection use this one.
    api_schema: GraphQLSchema = field(repr=False)
    #: Everything, inaccessible elements included: field sets and runtime types use this one.
    full_schema: GraphQLSchema = field(repr=False)
    #: By name (not by graph).
    subgraphs: Mapping[str, Subgraph] = field(repr=False)
    #: By graph, the handle that the join directives use.
    graphs: Mapping[str, Subgraph] = field(repr=False)
    types: Mapping[str, TypeTable] = field(repr=False)
    #: Operation kind (`query`, `mutation`, `subscription`) → root type.
    roots: Mapping[str, str] = field(repr=False)
    requirements: AuthRequirements = field(repr=False)
    #: Labels of progressive overrides in use, free names and `percent(x)` alike.
    override_labels: frozenset[str] = _NONE
    #: Context name → the types that set it.
    contexts: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)
    _possible: dict[str, frozenset[str]] = field(default_factory=dict, repr=False)
    _common: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict, repr=False)

    @property
    def has_override_labels(self) -> bool:
        """Do plans depend on override labels?"""
        return bool(self.override_labels)

    def possible_types(self, name: str) -> frozenset[str]:
        """The object types that a value of this type may have anywhere in the supergraph."""
        found = self._possible.get(name)
        if found is None:
            found = self._possible[name] = self._possible_types(name)
        return found

    def _possible_types(self, name: str) -> frozenset[str]:
        table = self.types.get(name)
        if table is None:
            return _NONE
        if table.kind == "object":
            return frozenset((name,))
        if table.kind == "union":
            return table.members
        return frozenset(
            other.name for other in self.types.values() if other.kind == "object" and name in other.interfaces
        )

    def common_types(self, first: str, second: str) -> tuple[str, ...]:
        """The object types that both types may stand for, sorted."""
        found = self._common.get((first, second))
        if found is None:
            found = tuple(sorted(self.possible_types(first) & self.possible_types(second)))
            self._common[first, second] = found
        return found

    def possible_types_in(self, graph: str, name: str) -> frozenset[str]:
        """The object types that a value of this type may have when this subgraph answers.

        An interface object has none: its subgraph does not know the implementers.
        """
        table = self.types[name]
        if table.kind == "object":
            return frozenset((name,))
        if table.graphs.get(graph, TypeIn()).interface_object:
            return _NONE
        if table.kind == "union":
            if table.members_in is None:
                return frozenset(member for member in table.members if self._exists(member, graph))
            return frozenset(table.members_in.get(graph, ()))
        return frozenset(
            other for other in self.possible_types(name) if self._implements_in(other, name, graph)
        )

    def _exists(self, name: str, graph: str) -> bool:
        table = self.types.get(name)
        return table is not None and graph in table.graphs

    def _implements_in(self, name: str, interface: str, graph: str) -> bool:
        table = self.types[name]
        if table.implements is None:
            return graph in table.graphs
        return interface in table.implements.get(graph, ())
