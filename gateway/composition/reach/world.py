"""Moves between subgraphs, as tables: which field leads where, which key opens what.

A `State` is a way to stand at a place of a response: in one subgraph, at one of its types, with the
fields that a `@provides` above has lent. A world fixes which `@override` labels are active.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.composition.fieldset import FieldSelection, Selection, parse_field_set
from gateway.composition.merge.state import Merge
from gateway.composition.model import Kind, TypeDef
from gateway.composition.typeref import named_type

__all__ = ["Edge", "Key", "State", "World"]

View = tuple[Selection, ...]


class State(NamedTuple):
    """A subgraph (by number), the name of its type, and the selection lent by `@provides`."""

    graph: int
    type: str
    view: View = ()


class Key(NamedTuple):
    """A resolvable key: the state that it opens, and what must be known for it."""

    opens: State
    selection: tuple[Selection, ...]


class Edge(NamedTuple):
    """A field that a subgraph resolves: where it leads, and what `@requires` asks for first."""

    leads: State
    requires: tuple[Selection, ...] | None


class World:
    """The merged schema and its subgraphs, as seen by requests with the same active labels."""

    def __init__(self, merge: Merge, active: frozenset[str]) -> None:
        self.merge = merge
        self._active = active
        self._graphs = merge.subgraphs
        self._plain: dict[tuple[int, str, str], Edge | None] = {}
        self._interface_objects = {
            (number, found.name)
            for number, subgraph in enumerate(merge.subgraphs)
            for found in subgraph.of_kind(Kind.OBJECT)
            if found.is_interface_object
        }
        self._keys: dict[str, list[Key]] = {}
        for number, subgraph in enumerate(self._graphs):
            for found in subgraph.of_kind(Kind.OBJECT, Kind.INTERFACE):
                for key in found.all("key"):
                    if key.arguments.get("resolvable") is not False:
                        entry = Key(State(number, found.name), parse_field_set(key.text("fields")))
                        self._keys.setdefault(found.name, []).append(entry)

    def name(self, graph: int) -> str:
        """The subgraph's name."""
        return self._graphs[graph].name

    def type_in(self, state: State) -> TypeDef | None:
        """The subgraph's own definition of the state's type."""
        return self._graphs[state.graph].types.get(state.type)

    def is_interface_object(self, state: State) -> bool:
        """Whether the subgraph knows an interface of the supergraph as the object of the state."""
        return (state.graph, state.type) in self._interface_objects

    def roots(self, name: str) -> frozenset[State]:
        """Every subgraph's root type of that name."""
        return frozenset(State(n, name) for n, subgraph in enumerate(self._graphs) if name in subgraph.types)

    def keys(self, type_name: str) -> list[Key]:
        """Keys that open the object type anywhere: its own, and those of its interfaces' objects."""
        own = [k for k in self._keys.get(type_name, ()) if self._is_object(k.opens)]
        for interface in self.merge.merged.types[type_name].interfaces:
            own += [k for k in self._keys.get(interface, ()) if self.is_interface_object(k.opens)]
        return own

    def interface_keys(self, interface: str) -> list[Key]:
        """Keys that open the interface itself, as an interface or as an object."""
        return self._keys.get(interface, [])

    def _is_object(self, state: State) -> bool:
        found = self.type_in(state)
        return found is not None and found.kind is Kind.OBJECT

    def edge(self, state: State, name: str) -> Edge | None:
        """The way along a field that the subgraph resolves there; None when it does not."""
        if state.view:
            return self._find(state, name)
        place = (state.graph, state.type, name)
        if place not in self._plain:
            self._plain[place] = self._find(state, name)
        return self._plain[place]

    def _find(self, state: State, name: str) -> Edge | None:
        found = self.type_in(state)
        field = found.fields.get(name) if found else None
        if field is None or not self._is_active(state, name):
            return None
        external = (state.type, name) in self.merge.facts[self.name(state.graph)].external
        lent = self._lent(state, name)
        if external and lent is None:
            return None
        view = lent or ()
        for provides in field.all("provides"):
            view += parse_field_set(provides.text("fields"))
        applied = field.first("requires")
        requires = parse_field_set(applied.text("fields")) if applied else None
        return Edge(State(state.graph, named_type(field.type), view), requires)

    def _is_active(self, state: State, name: str) -> bool:
        place = (self.name(state.graph), state.type, name)
        if place in self.merge.moved:
            label = self.merge.moved[place]
            return label is not None and label not in self._active
        taken = self.merge.taken.get(place)
        return taken is None or taken in self._active

    def _lent(self, state: State, name: str) -> View | None:
        """What the view selects below the field; None when it does not lend the field."""
        found: View | None = None
        for selection in state.view:
            if isinstance(selection, FieldSelection) and selection.name == name:
                found = (found or ()) + selection.children
        return found

    def runtime_types(self, state: State) -> frozenset[str]:
        """Object types that the subgraph can answer with; for an interface object it cannot tell."""
        if self.is_interface_object(state):
            return self.merge.merged.runtime_types(state.type)
        return self._graphs[state.graph].runtime_types(state.type)

    def cast(self, state: State, target: str) -> State | None:
        """The state narrowed to an object type; None when the subgraph never answers with it."""
        if target not in self.runtime_types(state):
            return None
        view = self._narrow(state.view, target)
        return State(state.graph, state.type if self.is_interface_object(state) else target, view)

    def _narrow(self, view: View, target: str) -> View:
        narrowed: list[Selection] = []
        for selection in view:
            if isinstance(selection, FieldSelection):
                narrowed.append(selection)
            elif self.applies(selection.condition, target):
                narrowed += self._narrow(selection.children, target)
        return tuple(narrowed)

    def applies(self, condition: str | None, target: str) -> bool:
        """Whether a fragment with the type condition applies to the object type."""
        return (
            condition is None or condition == target or target in self.merge.merged.runtime_types(condition)
        )
