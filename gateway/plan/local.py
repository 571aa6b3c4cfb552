"""Types as single subgraphs have them, and the edges between them: the planner's map of the supergraph.

No query graph is built. Which fields a subgraph resolves on a type, what type it gives them, and by
which keys an entity can be entered are table look-ups over the join directives, made when first
needed and kept for all plans of one supergraph and one set of active override labels.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.operation.normalise import normalise_field_set
from gateway.operation.selection import SelectionSet
from gateway.plan.views import View, Views
from gateway.supergraph.fieldsets import FieldSet
from gateway.supergraph.join import ContextArgument, FieldIn, TypeIn, TypeTable
from gateway.supergraph.model import Supergraph
from gateway.supergraph.values import TypeRef

__all__ = ["Edge", "Entrance", "LocalType", "LocalTypes"]

_UNSAID = FieldIn()


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """A field that a subgraph resolves."""

    #: The field's own type in the subgraph (it may be narrower than the merged one); None for a leaf.
    target: LocalType | None
    #: What is provided below it.
    view: View | None
    #: What must be sent along first (`@requires`).
    requires: SelectionSet | None = None
    #: What objects further up give to its arguments (`@fromContext`).
    contexts: tuple[ContextArgument, ...] = ()

    @property
    def conditional(self) -> bool:
        """Does it take an entity fetch of its own, with values from elsewhere?"""
        return self.requires is not None or bool(self.contexts)


@dataclass(frozen=True, slots=True, eq=False)
class Entrance:
    """A way into an entity: by this key, in this subgraph."""

    local: LocalType
    key: SelectionSet


class LocalType:
    """One type in one subgraph. There is one object for each, so identity is equality."""

    __slots__ = ("_edges", "_world", "graph", "interface_object", "kind", "name", "runtime_types", "table")

    def __init__(self, world: LocalTypes, graph: str, table: TypeTable) -> None:
        presence = table.graphs.get(graph, TypeIn())
        self._world = world
        self._edges: dict[tuple[str, int], Edge | None] = {}
        self.graph = graph
        self.name = table.name
        self.table = table
        #: The supergraph's interface, an object here: it knows no implementers.
        self.interface_object = presence.interface_object
        self.kind = table.kind
        #: Sorted object types that may be answered; none for an interface object.
        self.runtime_types = tuple(sorted(world.supergraph.possible_types_in(graph, table.name)))

    @property
    def abstract(self) -> bool:
        """Does an answer need a `__typename` to be understood?"""
        return self.kind != "object" and not self.interface_object

    def edge(self, name: str, view: View | None) -> Edge | None:
        """The field's edge, or None when the subgraph does not resolve it here."""
        if view is not None and name not in view.fields and not view.on:
            view = None
        key = (name, id(view))
        try:
            return self._edges[key]
        except KeyError:
            found = self._edges[key] = self._world.make_edge(self, name, view)
            return found


class LocalTypes:
    """All local types of a supergraph under one set of active override labels."""

    def __init__(self, supergraph: Supergraph, labels: frozenset[str]) -> None:
        self.supergraph = supergraph
        self.labels = labels
        self.views = Views()
        self._types: dict[tuple[str, str], LocalType] = {}
        self._entrances: dict[str, tuple[Entrance, ...]] = {}
        self._keys: dict[LocalType, tuple[SelectionSet, ...]] = {}
        self._selections: dict[tuple[str, str], SelectionSet] = {}
        self._alternatives: dict[tuple[str, str], int] = {}

    def get(self, graph: str, name: str) -> LocalType:
        """The type `name` in `graph`."""
        found = self._types.get((graph, name))
        if found is None:
            found = self._types[graph, name] = LocalType(self, graph, self.supergraph.types[name])
        return found

    def selection(self, fields: FieldSet, parent: str) -> SelectionSet:
        """A field set in normal form; equal ones are one object."""
        found = self._selections.get((fields.text, parent))
        if found is None:
            found = normalise_field_set(self.supergraph, fields, parent)
            self._selections[fields.text, parent] = found
        return found

    def keys(self, local: LocalType) -> tuple[SelectionSet, ...]:
        """The keys by which the subgraph can be entered at this type."""
        found = self._keys.get(local)
        if found is None:
            presence = local.table.graphs.get(local.graph, TypeIn())
            # An interface nobody implements there is not in the subgraph's `_Entity` union.
            enterable = local.kind == "object" or local.interface_object or bool(local.runtime_types)
            found = self._keys[local] = tuple(
                self.selection(key.fields, local.name)
                for key in presence.keys
                if key.resolvable and enterable
            )
        return found

    def entrances(self, name: str) -> tuple[Entrance, ...]:
        """Every way into an object of static type `name`, by graph: its own keys, and those of its
        interfaces where these are interface objects."""
        found = self._entrances.get(name)
        if found is None:
            table = self.supergraph.types[name]
            locals_ = [self.get(graph, name) for graph in table.graphs]
            for interface in sorted(table.interfaces):
                graphs = self.supergraph.types[interface].graphs
                locals_ += [
                    self.get(graph, interface) for graph, item in graphs.items() if item.interface_object
                ]
            locals_.sort(key=lambda local: local.graph)
            found = tuple(Entrance(local, key) for local in locals_ for key in self.keys(local))
            self._entrances[name] = found
        return found

    def alternatives(self, parent: str, name: str) -> int:
        """In how many subgraphs the field is resolvable; 0 when only by way of other types."""
        found = self._alternatives.get((parent, name))
        if found is None:
            item = self.supergraph.types[parent].fields[name]
            found = sum(joined.resolvable(self.labels) for joined in item.graphs.values())
            self._alternatives[parent, name] = found
        return found

    def type_ref(self, graph: str, parent: str, name: str) -> TypeRef:
        """The field's type reference as the subgraph's own schema has it."""
        item = self.supergraph.types[parent].fields[name]
        joined = item.graphs.get(graph)
        return joined.type if joined is not None and joined.type is not None else item.type

    def make_edge(self, local: LocalType, name: str, view: View | None) -> Edge | None:
        """Decide whether and how `local` resolves a field (federation rules of availability)."""
        item = local.table.fields.get(name)
        if item is None:
            return None
        joined = item.graphs.get(local.graph)
        if view is not None and name in view.fields:
            joined = joined or _UNSAID  # join v0.1 does not record external fields
            return self._edge_to(local, joined, joined.type or item.type, view.fields[name], None)
        if joined is None or not joined.resolvable(self.labels):
            return None
        if (
            local.kind == "interface"
            and not local.interface_object
            and not self._all_resolve(local, name, view)
        ):
            return None
        requires = None if joined.requires is None else self.selection(joined.requires, local.name)
        return self._edge_to(local, joined, joined.type or item.type, None, requires)

    def _all_resolve(self, local: LocalType, name: str, view: View | None) -> bool:
        """May the field be asked on the interface: does every implementer there resolve it by itself?"""
        for runtime_type in local.runtime_types:
            implementer = self.get(local.graph, runtime_type)
            narrowed = self.views.narrow(view, runtime_type, implementer.table.interfaces)
            edge = implementer.edge(name, narrowed)
            if edge is None or edge.conditional:
                return False
        return True

    def _edge_to(
        self,
        local: LocalType,
        joined: FieldIn,
        own_type: TypeRef,
        provided: View | None,
        requires: SelectionSet | None,
    ) -> Edge:
        table = self.supergraph.types.get(own_type.named)
        if table is None or not table.composite:
            return Edge(None, None, requires, joined.context_arguments)
        view = self.views.join(provided, self.views.of(joined.provides))
        if table.kind == "object":
            view = self.views.narrow(view, table.name, table.interfaces)
        target = self.get(local.graph, own_type.named)
        return Edge(target, view, requires, joined.context_arguments)
