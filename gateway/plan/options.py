"""R1 and R2: what an abstract field may be asked when subgraphs disagree about its runtime types.

Neither rule is in a specification. Both are what the reference implementation does.

R1, intersection: if one of the ways to an abstract field can never yield type T, then T is no part of
what the field promises, and selections on T below it are dropped. Ways are the fields that lead here
(in whatever subgraph, entered by whatever key further up), not entity jumps at this very position.

R2, explosion from one option: a field that cannot be asked on an interface is asked on its runtime
types instead, on all those of one way there. Types of two ways are never mixed, for they come from
two different answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.plan.offers import FETCH, ExplodedOffer, LeafOffer, Offer
from gateway.plan.states import ByCast, ByField, ByKey, Reach, State

if TYPE_CHECKING:
    from gateway.plan.session import Session

__all__ = ["explode", "is_dropped"]


def is_dropped(reach: Reach, type_name: str) -> bool:
    """R1: is there a way to the reach's position that can never yield this type?"""
    return any(type_name not in local.runtime_types for local in reach.options if not local.interface_object)


def explode(session: Session, here: Reach, ask: Callable[[Reach], Offer | None]) -> ExplodedOffer | None:
    """R2: the cheapest single option all of whose runtime types can be asked; None without one.

    An option without runtime types is none: asking nobody is not an answer.
    """
    position = here.position
    if position.is_cast or session.types.supergraph.types[position.type].kind != "interface":
        return None
    best: ExplodedOffer | None = None
    for state in here.states:
        if state.local.interface_object or not state.local.runtime_types:
            continue
        offer = _explode_option(session, state, ask)
        if offer is not None and (best is None or offer.cost < best.cost):
            best = offer
    return best


def _explode_option(
    session: Session, state: State, ask: Callable[[Reach], Offer | None]
) -> ExplodedOffer | None:
    position = state.position
    # The way to the option is paid for once, whatever the number of its types.
    free = State(position, state.local, state.view, 0, state.origin)
    source = Reach(position, [free], [state.local])
    parts: list[Offer] = []
    entered: set[str] = set()
    total = state.cost
    for type_name in state.local.runtime_types:
        part = ask(session.reaching.explore(position.cast(type_name), source))
        if part is None:
            return None
        parts.append(part)
        total += part.cost
        graph = _entered(part)
        if graph in entered:
            total -= FETCH  # Object types share the step that enters their subgraph.
        elif graph is not None:
            entered.add(graph)
    return ExplodedOffer(total, tuple(parts))


def _entered(offer: Offer) -> str | None:
    """The subgraph that the offer's object is entered in first; None when it is there already."""
    if not isinstance(offer, LeafOffer) or offer.requirement is not None:
        return None
    state = offer.state
    while isinstance(state.origin, ByField | ByCast):
        state = state.origin.source
    return state.local.graph if isinstance(state.origin, ByKey) and state.local.kind == "object" else None
