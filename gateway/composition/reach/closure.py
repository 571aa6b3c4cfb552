"""Everywhere one can go from a set of states without leaving the place in the response."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.composition.fieldset import FieldSelection, Selection
from gateway.composition.model import ROOT_NAMES, Kind
from gateway.composition.reach.world import State, World
from gateway.composition.typeref import named_type

__all__ = ["Closure", "States"]

States = frozenset[State]


class Closure:
    """Answers about one world, remembered.

    Keys and `@requires` are "and" steps (every field of their selection must be had, from whichever
    subgraph), key choices are "or" steps; the fixpoint over both cannot loop.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._merged = world.merge.merged
        self._closed: dict[tuple[str, States], States] = {}
        self._fields: dict[tuple[str, str, States], States] = {}
        self._open_requirements: set[tuple[State, str]] = set()

    def of(self, type_name: str, states: States) -> States:
        """All states for an object type that can be had from `states` by keys."""
        if type_name in ROOT_NAMES.values():
            return states | self._world.roots(type_name)
        remembered = self._closed.get((type_name, states))
        if remembered is not None:
            return remembered
        closed = states
        pending = [k for k in self._world.keys(type_name) if not _stands_at(states, k.opens)]
        while pending:
            # One set for a whole round: what was found out about it serves every key.
            opened = [k for k in pending if self.obtainable(type_name, k.selection, closed)]
            if not opened:
                break
            closed |= {k.opens for k in opened}
            pending = [k for k in pending if not _stands_at(closed, k.opens)]
        if not self._open_requirements:
            self._closed[(type_name, states)] = closed
        return closed

    def of_interface(self, interface: str, states: States) -> States:
        """States for an abstract type; those that know it as an object only may ask who knows more."""
        if not any(self._world.is_interface_object(s) for s in states):
            return states
        closed = set(states)
        for _ in self._world.interface_keys(interface):
            before = len(closed)
            for key in self._world.interface_keys(interface):
                held = frozenset(s for s in closed if self._world.is_interface_object(s))
                if key.opens not in closed and self.obtainable(interface, key.selection, held):
                    closed.add(key.opens)
            if len(closed) == before:
                break
        return frozenset(closed)

    def obtainable(self, type_name: str, selections: tuple[Selection, ...], states: States) -> bool:
        """Whether everything selected on the (object or interface-object) type can be had."""
        for selection in selections:
            if not isinstance(selection, FieldSelection):
                if self._world.applies(selection.condition, type_name) and not self.obtainable(
                    type_name, selection.children, states
                ):
                    return False
                continue
            if selection.name == "__typename":
                continue
            if not selection.children:
                if not self.resolves(type_name, selection.name, states):
                    return False
                continue
            found = self.field(type_name, selection.name, states)
            if not found or not self._below(type_name, selection, found):
                return False
        return True

    def _below(self, type_name: str, selection: FieldSelection, found: States) -> bool:
        field = self._merged.types[type_name].fields.get(selection.name)
        if field is None:
            return False
        position = named_type(field.type)
        return all(
            self.obtainable(target, selection.children, states)
            for target, states in self.runtime(position, found).items()
        )

    def runtime(self, position: str, states: States) -> dict[str, States]:
        """For every object type that may appear at the position: the closed states for it."""
        if self._merged.types[position].kind is Kind.OBJECT:
            return {position: self.of(position, states)}
        spread = self.of_interface(position, states)
        result: dict[str, States] = {}
        for target in sorted(self._merged.runtime_types(position)):
            narrowed = frozenset(c for s in spread if (c := self._world.cast(s, target)) is not None)
            if any(not self._world.is_interface_object(s) for s in narrowed):
                result[target] = self.of(target, narrowed)
        return result

    def field(self, type_name: str, field_name: str, states: States) -> States:
        """Where the field leads from any of the states; empty when none of them resolves it."""
        signature = (type_name, field_name, states)
        remembered = self._fields.get(signature)
        if remembered is not None:
            return remembered
        result = frozenset(self._children(type_name, field_name, states))
        if not self._open_requirements:
            self._fields[signature] = result
        return result

    def resolves(self, type_name: str, field_name: str, states: States) -> bool:
        """Whether any of the states resolves the field."""
        return any(True for _ in self._children(type_name, field_name, states))

    def _children(self, type_name: str, field_name: str, states: States) -> Iterator[State]:
        for state in states:
            edge = self._world.edge(state, field_name)
            if edge is None:
                continue
            if edge.requires is None or self._satisfied(type_name, state, field_name, edge.requires, states):
                yield edge.leads

    def _satisfied(
        self, type_name: str, state: State, field_name: str, required: tuple[Selection, ...], states: States
    ) -> bool:
        """Whether what the field requires can be fetched and brought back to the field's subgraph."""
        guard = (State(state.graph, state.type), field_name)
        if guard in self._open_requirements:
            return False
        self._open_requirements.add(guard)
        try:
            return self.obtainable(type_name, required, states) and any(
                (key.opens.graph, key.opens.type) == (state.graph, state.type)
                and self.obtainable(type_name, key.selection, states)
                for key in self._world.interface_keys(state.type)
            )
        finally:
            self._open_requirements.discard(guard)


def _stands_at(states: States, place: State) -> bool:
    """Whether one stands there already, perhaps with more (a view) than a key would open."""
    return place in states or any((s.graph, s.type) == (place.graph, place.type) for s in states if s.view)
