"""What a supergraph says about one type or field in one subgraph: the join directives as tables.

Terms as in the join specification: a *graph* is the enum value of `join__Graph`, a handle for a
subgraph within the SDL. `override:` speaks of the subgraph's name, all else of the graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.supergraph.fieldsets import FieldSet
from gateway.supergraph.values import TypeRef

__all__ = ["ContextArgument", "FieldIn", "FieldTable", "Key", "Subgraph", "TypeIn", "TypeKind", "TypeTable"]

#: The kinds of the GraphQL specification, in SDL's words.
TypeKind = str


@dataclass(frozen=True, slots=True)
class Subgraph:
    """One subgraph: its handle in the SDL, its name, and where it is served."""

    graph: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Key:
    """One `@key`; a key that is not resolvable describes an entity but is no way in."""

    fields: FieldSet
    resolvable: bool = True


@dataclass(frozen=True, slots=True)
class TypeIn:
    """A type as one subgraph has it."""

    keys: tuple[Key, ...] = ()
    #: The supergraph's interface is an object type here (`@interfaceObject`).
    interface_object: bool = False


@dataclass(frozen=True, slots=True)
class ContextArgument:
    """An argument that the subgraph takes from a context (`@fromContext`), not from the client."""

    name: str
    type: str
    context: str
    selection: FieldSet


@dataclass(frozen=True, slots=True)
class FieldIn:
    """A field as one subgraph has it (`join__field`)."""

    external: bool = False
    requires: FieldSet | None = None
    provides: FieldSet | None = None
    #: The subgraph's own type reference where it differs from the merged one.
    type: TypeRef | None = None
    #: Set on the side that takes the field over.
    override: str | None = None
    #: Set on both sides of a progressive override.
    override_label: str | None = None
    used_overridden: bool = False
    context_arguments: tuple[ContextArgument, ...] = ()

    def resolvable(self, labels: frozenset[str]) -> bool:
        """Does the subgraph resolve the field, given the active override labels?"""
        if self.external:
            return False
        if self.override_label is not None:
            return (self.override is not None) == (self.override_label in labels)
        return not self.used_overridden


@dataclass(frozen=True, slots=True)
class FieldTable:
    """A field over all subgraphs."""

    name: str
    type: TypeRef
    #: By graph; a graph that is missing does not know the field.
    graphs: Mapping[str, FieldIn]
    inaccessible: bool = False


@dataclass(slots=True)
class TypeTable:
    """A type over all subgraphs."""

    name: str
    kind: TypeKind
    graphs: dict[str, TypeIn] = field(default_factory=dict)
    fields: dict[str, FieldTable] = field(default_factory=dict)
    #: The interfaces that it implements anywhere.
    interfaces: frozenset[str] = frozenset()
    #: The interfaces that it implements in a graph; None where the SDL does not say (join v0.1).
    implements: dict[str, set[str]] | None = field(default_factory=dict)
    #: Union members anywhere.
    members: frozenset[str] = frozenset()
    #: Union members in a graph; None where the SDL does not say (join v0.1 and v0.2).
    members_in: dict[str, set[str]] | None = None
    inaccessible: bool = False

    @property
    def composite(self) -> bool:
        """Does a field of this type need a selection?"""
        return self.kind in ("object", "interface", "union")

    @property
    def abstract(self) -> bool:
        """May the runtime type differ from this type?"""
        return self.kind in ("interface", "union")
