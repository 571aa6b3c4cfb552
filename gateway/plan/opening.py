"""Taking offers: opens states and steps, attaches leaves, records dependencies and representations.

Everything here is idempotent: to open what is open already changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.operation.selection import FieldArguments
from gateway.plan.contexts import add_context, contextual_arguments
from gateway.plan.local import LocalType
from gateway.plan.offers import ExplodedOffer, LeafOffer, NestedOffer, Offer, RequirementOffer, SelectionOffer
from gateway.plan.positions import Position
from gateway.plan.states import (
    AtRoot,
    ByCast,
    ByField,
    ByKey,
    ByReentry,
    ByRequirement,
    Opened,
    OpenState,
    State,
)
from gateway.plan.trees import Need, Needs, SpecKey, Step, Target, Tree, absorb, ancestry, clashes

if TYPE_CHECKING:
    from gateway.plan.session import Session

__all__ = ["Opening"]


class Opening:
    """Grows the session's steps."""

    def __init__(self, session: Session) -> None:
        self._session = session
        #: (base position, graph, family) → the entity steps there.
        self._entities: dict[tuple[Position, str, object], list[Step]] = {}

    def take(self, offer: Offer) -> int:
        """Fetch what a client's leaf was offered; returns the steps that do."""
        if isinstance(offer, LeafOffer):
            return self._take_leaf(offer)
        if isinstance(offer, ExplodedOffer):
            steps = 0
            for part in offer.parts:
                steps |= self.take(part)
            return steps
        return self._take_selection(offer.selection)[1]

    def open(self, state: State) -> OpenState:
        """Stand in `state`."""
        origin = state.origin
        match origin:
            case Opened():
                return origin.state
            case AtRoot():
                return self._open_root(state)
            case ByReentry():
                return self._reenter(state, origin.source)
            case ByField():
                return self._into(self.open(origin.source), state, state.position.arguments)
            case ByRequirement():
                return self._into_required(state, origin.requirement)
            case ByCast():
                return self._cast(self.open(origin.source), state)
            case ByKey():
                return self._enter(state, origin.key)

    def _take_leaf(self, offer: LeafOffer) -> int:
        arguments = offer.item.arguments
        if offer.requirement is not None:
            opened = self._take_requirement(offer.requirement)
            arguments = contextual_arguments(opened.step, offer.requirement.contexts, arguments)
        else:
            opened = self.open(offer.state)
        if offer.item.name == "__typename":
            opened.tree.typename = True
        else:
            opened.tree.leaf(offer.key, offer.item.name, arguments)
        return opened.step.bit

    def _take_selection(self, offer: SelectionOffer) -> tuple[Needs, int]:
        """What a representation reads, and the steps that supply it."""
        needs: Needs = {}
        suppliers = 0
        for scope, item, found in offer.items:
            need, steps = self._take_needed(found)
            suppliers |= steps
            if need is not None:
                absorb(needs, {(item.name, scope): need})
        return needs, suppliers

    def _take_needed(self, offer: Offer) -> tuple[Need | None, int]:
        if isinstance(offer, LeafOffer):
            # A representation states its `__typename` anyway.
            need = None if offer.item.name == "__typename" else Need(offer.key)
            return need, self._take_leaf(offer)
        if isinstance(offer, NestedOffer):
            inner, steps = self._take_selection(offer.selection)
            # With nothing in it, it would be taken for a leaf and sent with all that was ever fetched.
            return Need(offer.key, inner or {("__typename", None): Need("__typename")}), steps
        whole: Need | None = None
        suppliers = 0
        for part in offer.parts:
            need, steps = self._take_needed(part)
            suppliers |= steps
            if whole is None:
                whole = need
            elif need is not None:
                whole.absorb(need)
        return whole, suppliers

    def _take_requirement(self, offer: RequirementOffer) -> OpenState:
        needs, suppliers = self._take_selection(offer.needs)
        key, more = self._take_selection(offer.key)
        absorb(needs, key)
        suppliers |= more
        values = []
        for context in offer.contexts:
            value, more = self._take_selection(context.selection)
            suppliers |= more
            values.append(value)
        opened = self._entity(offer.needs.position, offer.state.local, needs, suppliers)
        for context, value in zip(offer.contexts, values, strict=True):
            add_context(opened.step, context, value)
        return opened

    def _open_root(self, state: State) -> OpenState:
        session = self._session
        step = session.root_steps.get(state.local)
        if step is None:
            step = self._new_step(Step(0, state.local.graph, "root", Tree(state.local.name), state.position))
            session.root_steps[state.local] = step
        return OpenState(step, step.tree, state.local, None)

    def _reenter(self, state: State, source: State) -> OpenState:
        position = state.position
        for known in position.opened:
            if known.local is state.local and known.entered:
                return known
        opened = self.open(source)
        opened.tree.typename = True  # the object has to be there, whatever else is asked of it
        step = Step(0, state.local.graph, "root", Tree(state.local.name), position, after=opened.step.bit)
        return self._opened(
            position, OpenState(self._new_step(step), step.tree, state.local, None, entered=True)
        )

    def _into_required(self, state: State, requirement: RequirementOffer) -> OpenState:
        opened = self._take_requirement(requirement)
        arguments = contextual_arguments(opened.step, requirement.contexts, state.position.arguments)
        return self._into(opened, state, arguments)

    def _into(self, parent: OpenState, state: State, arguments: FieldArguments) -> OpenState:
        position, local = state.position, state.local
        tree = parent.tree.composite(position, local.name, arguments)
        abstract = local.abstract or self._session.types.supergraph.types[position.type].abstract
        if abstract and not local.interface_object:
            tree.typename = True
        return self._opened(position, OpenState(parent.step, tree, local, state.view))

    @staticmethod
    def _cast(base: OpenState, state: State) -> OpenState:
        if base.local is state.local:
            return OpenState(base.step, base.tree, state.local, state.view)
        base.tree.typename = True
        return OpenState(base.step, base.tree.cast(state.local.name), state.local, state.view)

    def _enter(self, state: State, key: SelectionOffer) -> OpenState:
        for known in state.position.opened:
            if known.entered and known.local is state.local:
                return known
        needs, suppliers = self._take_selection(key)
        return self._entity(state.position, state.local, needs, suppliers)

    def _entity(self, position: Position, local: LocalType, needs: Needs, suppliers: int) -> OpenState:
        """An entity step into `local` that sends these needs: one that is there, if it can take them.

        Concrete types share a step. An interface (object) is entered under the interface's name, so
        each has a step of its own, or one object would be two representations of one list.
        """
        scope = position.type if position.is_cast else None
        family: object = "object" if local.kind == "object" else (local.name, scope)
        spec: SpecKey = (scope, local.name)
        alike = self._entities.setdefault((position.base, local.graph, family), [])
        step = self._joinable(alike, spec, needs, suppliers)
        if step is None:
            step = Step(0, local.graph, "entity", Tree("_Entity"), position.base, family=family)
            step.targets.append(Target(position.base))
            alike.append(self._new_step(step))
        self._depend(step, suppliers)
        absorb(step.targets[0].specs.setdefault(spec, {}), needs)
        self._session.version += 1
        return self._opened(position, OpenState(step, step.tree.cast(local.name), local, None, entered=True))

    def _joinable(self, alike: list[Step], spec: SpecKey, needs: Needs, suppliers: int) -> Step | None:
        """A step that neither supplies the needs itself nor needs other values under the same names."""
        upstream = ancestry(self._session.steps, suppliers)
        for step in alike:
            if not upstream & step.bit and not clashes(step.targets[0].specs.get(spec, {}), needs):
                return step
        return None

    def _depend(self, step: Step, suppliers: int) -> None:
        """Let a step wait for others; what waits for it waits for them too."""
        steps = self._session.steps
        step.after |= suppliers
        more = ancestry(steps, suppliers) & ~step.ancestors
        if more:
            step.ancestors |= more
            for other in steps:
                if other.ancestors & step.bit:
                    other.ancestors |= more

    def _new_step(self, step: Step) -> Step:
        steps = self._session.steps
        step.id = len(steps)
        step.ancestors = ancestry(steps, step.after)
        steps.append(step)
        self._session.version += 1
        self._session.meter.check_clock()
        return step

    def _opened(self, position: Position, state: OpenState) -> OpenState:
        for known in position.opened:
            if known.tree is state.tree:
                return known
        position.opened.append(state)
        self._session.version += 1
        return state
