"""Offers: priced ways to fetch something, complete enough to be taken without searching again."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.operation.selection import Field
from gateway.plan.positions import Position
from gateway.plan.states import State
from gateway.supergraph.join import ContextArgument

__all__ = [
    "FETCH",
    "FIELD",
    "ContextOffer",
    "ExplodedOffer",
    "LeafOffer",
    "NestedOffer",
    "Offer",
    "RequirementOffer",
    "SelectionOffer",
]

#: One more request weighs as much as a thousand more fields in one that is sent anyway.
FETCH = 1000
FIELD = 1


@dataclass(slots=True, eq=False)
class LeafOffer:
    """A leaf, asked at `state`; or after `requirement` where the field has a `@requires`."""

    cost: int
    position: Position
    key: str
    item: Field
    state: State
    requirement: RequirementOffer | None = None


@dataclass(slots=True, eq=False)
class NestedOffer:
    """What is needed below a composite field."""

    cost: int
    key: str
    item: Field
    selection: SelectionOffer


@dataclass(slots=True, eq=False)
class ExplodedOffer:
    """One offer for each runtime type of one option; () when there is nothing to fetch."""

    cost: int
    parts: tuple[Offer, ...] = ()


Offer = LeafOffer | NestedOffer | ExplodedOffer


@dataclass(slots=True, eq=False)
class SelectionOffer:
    """A whole internal selection: scope, field and offer of each."""

    cost: int
    position: Position
    items: list[tuple[str | None, Field, Offer]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class ContextOffer:
    """The value of one argument, selected at the object that sets its context."""

    argument: ContextArgument
    selection: SelectionOffer


@dataclass(slots=True, eq=False)
class RequirementOffer:
    """An entity fetch into `state`'s subgraph that sends a `@requires` selection along, and the values
    that arguments of the field take from contexts."""

    cost: int
    state: State
    needs: SelectionOffer
    key: SelectionOffer
    contexts: tuple[ContextOffer, ...] = ()
