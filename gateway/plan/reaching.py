"""Which states can be had at a position: seeds, and their closure under entity keys.

*Seeds* come along fields from the parent's states, along type conditions from the base position's, or
are open already. The *closure* adds every subgraph that can be entered here: a key counts as soon as
its fields can be had from any states, several of them together if need be. That is a shortest path in
an AND/OR graph, found by rounds until nothing gets cheaper; a round can only improve on what costs
more than that many fetches, so the rounds are few and a cycle of keys cannot loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.plan.local import Entrance, LocalType
from gateway.plan.offers import FETCH, FIELD, SelectionOffer
from gateway.plan.positions import Position
from gateway.plan.states import (
    AtRoot,
    ByCast,
    ByField,
    ByKey,
    ByReentry,
    ByRequirement,
    Opened,
    Reach,
    State,
)
from gateway.plan.views import View

if TYPE_CHECKING:
    from gateway.operation.selection import SelectionSet
    from gateway.plan.session import Session

__all__ = ["Reaching"]

_Best = dict[tuple[LocalType, View | None], State]


def _add(best: _Best, state: State) -> bool:
    """Keep the cheaper of two like states, the earlier one on a tie."""
    key = (state.local, state.view)
    known = best.get(key)
    if known is not None and known.cost <= state.cost:
        return False
    best[key] = state
    return True


class Reaching:
    """Computes reaches, and keeps those that are not about a single alternative."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def at(self, position: Position) -> Reach:
        """All that can be had at a position."""
        known = position.reach
        version = self._session.version
        if known is not None and known.checked == version:
            return known
        origin = position.base if position.is_cast else position.parent
        source = None if origin is None else self.at(origin)
        if known is not None and self._still_valid(position, known, source):
            known.checked = version
            return known
        return self._compute(position, source)

    def below(self, position: Position, source: Reach) -> Reach:
        """What can be had at a child or cast of the source's position, coming from there."""
        if source is source.position.reach:
            return self.at(position)
        return self.explore(position, source)

    def explore(self, position: Position, source: Reach) -> Reach:
        """As `below`, but the result is about this source alone and is not kept."""
        best, options = self._seeds(position, source)
        return self._close(position, best, options)

    def _still_valid(self, position: Position, known: Reach, source: Reach | None) -> bool:
        return not known.volatile and known.basis == self._basis(position, source)

    def _basis(self, position: Position, source: Reach | None) -> tuple[int, int]:
        if position.is_operation_root:
            return (0, len(self._session.root_steps))
        return (id(source), len(position.opened))

    def _compute(self, position: Position, source: Reach | None) -> Reach:
        pricing = self._session.pricing
        nested, outer_cut = pricing.nested, pricing.start_cut()
        best, options = self._seeds(position, source)
        reach = self._close(position, best, options)
        reach.basis = self._basis(position, source)
        reach.source = source  # keeps it alive, so that its id in the basis stays its own
        reach.checked = self._session.version
        reach.volatile = pricing.nested != nested
        if pricing.end_cut(outer_cut):
            position.reach = reach
        return reach

    def _seeds(self, position: Position, source: Reach | None) -> tuple[_Best, list[LocalType]]:
        """The states without any entity jump at this very position; `options` are R1's candidates."""
        best: _Best = {}
        options: dict[LocalType, None] = {}
        for opened in position.opened:
            _add(best, State(position, opened.local, opened.view, 0, Opened(opened)))
        if source is None:
            self._root_seeds(position, best)
        elif position.is_cast:
            self._cast_seeds(position, source, best)
        else:
            self._field_seeds(position, source, best, options)
        self._session.meter.count(1 + len(best))
        return best, list(options)

    def _root_seeds(self, position: Position, best: _Best) -> None:
        session = self._session
        for graph in sorted(session.types.supergraph.types[position.type].graphs):
            if session.only is None or session.only == graph:
                local = session.types.get(graph, position.type)
                cost = 0 if local in session.root_steps else FETCH
                _add(best, State(position, local, None, cost, AtRoot()))

    def _cast_seeds(self, position: Position, source: Reach, best: _Best) -> None:
        types = self._session.types
        for state in source.states:
            if position.type in state.local.runtime_types:
                local = types.get(state.local.graph, position.type)
                view = types.views.narrow(state.view, position.type, local.table.interfaces)
                _add(best, State(position, local, view, state.cost, ByCast(state)))

    def _field_seeds(
        self, position: Position, source: Reach, best: _Best, options: dict[LocalType, None]
    ) -> None:
        pricing = self._session.pricing
        for state in source.states:
            edge = state.local.edge(position.name, state.view)
            if edge is None or edge.target is None:
                continue
            if not edge.conditional:
                options[edge.target] = None
                _add(best, State(position, edge.target, edge.view, state.cost + FIELD, ByField(state)))
                continue
            requirement = pricing.requirement(source, state, position.name)
            if requirement is not None:
                options[edge.target] = None
                origin = ByRequirement(requirement)
                _add(best, State(position, edge.target, edge.view, requirement.cost, origin))

    def _close(self, position: Position, best: _Best, options: list[LocalType]) -> Reach:
        reach = Reach(position, list(best.values()), options)
        if position.is_operation_root or not best:
            return reach
        if position.type == self._session.types.supergraph.roots["query"] and not position.is_cast:
            return self._reenter(reach, best)
        entrances = self._session.types.entrances(position.type)
        rounds = 1
        while entrances and self._enter(reach, best, entrances, rounds * FETCH):
            reach = Reach(position, list(best.values()), options)
            rounds += 1
        return reach

    def _enter(self, reach: Reach, best: _Best, entrances: tuple[Entrance, ...], improvable: int) -> bool:
        """One round of entity jumps from `reach`; True when it found or improved a state."""
        changed = False
        priced: dict[int, SelectionOffer | None] = {}
        for entrance in entrances:
            known = best.get((entrance.local, None))
            if known is not None and known.cost <= improvable:
                continue
            offer = self._price_key(priced, reach, entrance.key)
            if offer is not None:
                cost = FETCH + offer.cost
                changed |= _add(best, State(reach.position, entrance.local, None, cost, ByKey(offer)))
        self._session.meter.count(len(priced))
        return changed

    def _price_key(
        self, priced: dict[int, SelectionOffer | None], reach: Reach, key: SelectionSet
    ) -> SelectionOffer | None:
        """Equal keys are one object, and are priced once a round."""
        if id(key) not in priced:
            priced[id(key)] = self._session.pricing.key(reach, key)
        return priced[id(key)]

    def _reenter(self, reach: Reach, best: _Best) -> Reach:
        """Below a field that returns the query root type every subgraph's root fields are at hand."""
        source = min(reach.states, key=lambda state: state.cost)
        for graph in sorted(source.local.table.graphs):
            local = self._session.types.get(graph, source.local.name)
            _add(best, State(reach.position, local, None, FETCH + source.cost, ByReentry(source)))
        return Reach(reach.position, list(best.values()), reach.options)
