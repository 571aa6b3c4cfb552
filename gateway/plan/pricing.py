"""What it costs to get something at a position, and how: offers for leaves, selections, requirements.

Nothing is opened here. A requirement may need fields that have requirements themselves; a field that
would need itself is cut off by a guard. What was computed while a guard cut something off holds only
under that guard, so such results are not remembered (`start_cut` and `end_cut` keep account).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.operation.selection import Field, SelectionSet, typename_of
from gateway.plan.contexts import find_setter
from gateway.plan.local import Edge
from gateway.plan.offers import (
    FETCH,
    FIELD,
    ContextOffer,
    LeafOffer,
    NestedOffer,
    Offer,
    RequirementOffer,
    SelectionOffer,
)
from gateway.plan.options import explode
from gateway.plan.states import Reach, State

if TYPE_CHECKING:
    from gateway.plan.positions import Position
    from gateway.plan.session import Session

__all__ = ["Pricing"]

_NO_CUT = 1 << 30


class Pricing:
    """Makes offers; free of effects but for reserved response keys and memos."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._guards: dict[object, int] = {}
        self._lowest_cut = _NO_CUT
        #: How often a price depended on child positions; tells a reach that it may go stale with them.
        self.nested = 0

    def start_cut(self) -> int:
        """Begin a computation whose result may be kept; give the result to `end_cut`."""
        outer, self._lowest_cut = self._lowest_cut, _NO_CUT
        return outer

    def end_cut(self, outer: int) -> bool:
        """End it; True when no guard from outside cut anything off."""
        clean = self._lowest_cut >= len(self._guards)
        self._lowest_cut = outer if clean else min(outer, self._lowest_cut)
        return clean

    def selection(self, reach: Reach, selection: SelectionSet) -> SelectionOffer | None:
        """An offer for an internal selection at the reach's position; None when it cannot be had.

        A scope whose type cannot occur costs nothing: there is nothing to fetch for it. If that leaves
        nothing at all, the object must still be known to exist.
        """
        total = 0
        offer = SelectionOffer(0, reach.position)
        used: set[State] = set()
        for scope, fields in selection.scopes.items():
            here = self._scope(reach, scope)
            if here is None or not here.states:
                if here is None or scope is not None:
                    continue
                return None
            for item in fields.values():
                found = self.field(here, item)
                if found is None:
                    return None
                total += self._cost_once(found, used)
                offer.items.append((None if here is reach else scope, item, found))
        if not offer.items and selection.scopes:
            exists = self.leaf(reach, typename_of(selection.type), "")
            if exists is None:
                return None
            total += exists.cost
            offer.items.append((None, exists.item, exists))
        offer.cost = total
        return offer

    def field(self, here: Reach, item: Field) -> Offer | None:
        """An offer for one field of an internal selection, by explosion if there is no other way."""
        position = here.position
        if item.selection is None:
            key = "" if item.name == "__typename" else position.place.internal_key(item.name, item.arguments)
            found: Offer | None = self.leaf(here, item, key)
        else:
            child = self._session.internal_child(position, item)
            self.nested += 1
            below = self._session.reaching.below(child, here)
            inner = self.selection(below, item.selection) if below.states else None
            found = None if inner is None else NestedOffer(inner.cost, child.key, item, inner)
        if found is None:
            found = explode(self._session, here, lambda reach: self.field(reach, item))
        return found

    def leaf(self, here: Reach, item: Field, key: str) -> LeafOffer | None:
        """The cheapest way to a leaf without explosion."""
        self._refresh(here)
        if item.name in here.best:
            known = here.best[item.name]
        else:
            outer = self.start_cut()
            known = self._typename(here, item) if item.name == "__typename" else self._leaf(here, item)
            if self.end_cut(outer):
                here.best[item.name] = known
        if known is None:
            return None
        return LeafOffer(known.cost, here.position, key, item, known.state, known.requirement)

    def requirement(self, here: Reach, state: State, name: str) -> RequirementOffer | None:
        """An entity fetch into the state's subgraph that carries what field `name` requires, or what its
        arguments take from contexts."""
        self.nested += 1
        self._refresh(here)
        memo = (state.local, name)
        if memo in here.requirements:
            return here.requirements[memo]
        guard = (here.position, state.local, name)
        if self._cuts(guard):
            return None
        outer = self.start_cut()
        self._guards[guard] = len(self._guards)
        try:
            found = self._requirement(here, state, name)
        finally:
            del self._guards[guard]
        if self.end_cut(outer):
            here.requirements[memo] = found
        return found

    def key(self, reach: Reach, key: SelectionSet) -> SelectionOffer | None:
        """As `selection`, for a key. A nested key is not priced within itself, further down: keys of
        two types that contain each other would lead down for ever."""
        if all(item.selection is None for _, item in key.fields()):
            return self.selection(reach, key)
        if self._cuts(key):
            return None
        self._guards[key] = len(self._guards)
        try:
            return self.selection(reach, key)
        finally:
            del self._guards[key]

    def _cuts(self, guard: object) -> bool:
        """Is this under way already? If so, note what the result now depends on."""
        index = self._guards.get(guard)
        if index is not None:
            self._lowest_cut = min(self._lowest_cut, index)
        return index is not None

    def _refresh(self, here: Reach) -> None:
        if here.version != self._session.version:
            here.version = self._session.version
            here.best.clear()
            here.requirements.clear()

    def _scope(self, reach: Reach, scope: str | None) -> Reach | None:
        """The reach under a scope; None when the object cannot be of that type."""
        position = reach.position
        if scope is None or scope == position.type:
            return reach
        if position.is_cast or self._session.types.supergraph.types[position.type].kind == "object":
            return None
        return self._session.reaching.below(position.cast(scope), reach)

    @staticmethod
    def _cost_once(offer: Offer, used: set[State]) -> int:
        """Leaves from one state pay for getting there once."""
        if isinstance(offer, LeafOffer) and offer.requirement is None:
            if offer.state in used:
                return FIELD
            used.add(offer.state)
        return offer.cost

    def _typename(self, here: Reach, item: Field) -> LeafOffer | None:
        """An interface object does not know the runtime type and is never asked."""
        candidates = [state for state in here.states if not state.local.interface_object]
        if not candidates:
            return None
        state = min(candidates, key=lambda candidate: candidate.cost)
        return LeafOffer(state.cost, here.position, "", item, state)

    def _leaf(self, here: Reach, item: Field) -> LeafOffer | None:
        best: LeafOffer | None = None
        required: list[State] = []
        self._session.meter.count(len(here.states))
        for state in here.states:
            if best is not None and state.cost + FIELD >= best.cost:
                continue
            edge = state.local.edge(item.name, state.view)
            if edge is None:
                continue
            if edge.conditional:
                required.append(state)
                continue
            best = LeafOffer(state.cost + FIELD, here.position, "", item, state)
        for state in required:
            if best is not None and best.cost <= FETCH:
                break
            requirement = self.requirement(here, state, item.name)
            if requirement is not None and (best is None or requirement.cost < best.cost):
                best = LeafOffer(requirement.cost, here.position, "", item, state, requirement)
        return best

    def _requirement(self, here: Reach, state: State, name: str) -> RequirementOffer | None:
        edge: Edge | None = state.local.edge(name, state.view)
        if edge is None or not edge.conditional:
            return None
        needs: SelectionOffer | None = SelectionOffer(0, here.position)
        if edge.requires is not None:
            needs = self.selection(here, edge.requires)
        contexts = self._contexts(here.position, edge)
        if needs is None or contexts is None:
            return None
        key: SelectionOffer | None = None
        for candidate in self._session.types.keys(state.local):
            found = self.selection(here, candidate)
            if found is not None and (key is None or found.cost < key.cost):
                key = found
        if key is None:
            return None
        cost = FETCH + needs.cost + key.cost + sum(context.selection.cost for context in contexts)
        return RequirementOffer(cost, state, needs, key, contexts)

    def _contexts(self, position: Position, edge: Edge) -> tuple[ContextOffer, ...] | None:
        """Where each contextual argument comes from; None when a context is not set above."""
        session = self._session
        offers = []
        for argument in edge.contexts:
            setter = find_setter(session.types.supergraph, position, argument.context)
            if setter is None:
                return None
            fields = session.types.selection(argument.selection, setter.type)
            found = self.selection(session.reaching.at(setter), fields)
            if found is None:
                return None
            offers.append(ContextOffer(argument, found))
        return tuple(offers)
