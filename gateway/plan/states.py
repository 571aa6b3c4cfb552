"""States: ways to stand at a position inside a subgraph, opened or still to be opened.

An *open* state is a node of a selection tree in a step that exists. A (virtual) *state* says how one
could be had and for how much; its origin holds the priced way there, so that opening it never has to
search again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.plan.local import LocalType
from gateway.plan.positions import Position
from gateway.plan.trees import Step, Tree
from gateway.plan.views import View

if TYPE_CHECKING:
    from gateway.plan.offers import LeafOffer, RequirementOffer, SelectionOffer

__all__ = [
    "AtRoot",
    "ByCast",
    "ByField",
    "ByKey",
    "ByReentry",
    "ByRequirement",
    "OpenState",
    "Opened",
    "Origin",
    "Reach",
    "State",
]


@dataclass(slots=True, eq=False)
class OpenState:
    """A tree node that stands at a position."""

    step: Step
    tree: Tree
    local: LocalType
    view: View | None
    #: Entered through `_entities` rather than by a field.
    entered: bool = False


@dataclass(slots=True, eq=False)
class Opened:
    """It is open already."""

    state: OpenState


@dataclass(slots=True, eq=False)
class AtRoot:
    """A root fetch at the operation's root."""


@dataclass(slots=True, eq=False)
class ByReentry:
    """A field that returns the query root type: a root fetch merged below it, in any subgraph."""

    source: State


@dataclass(slots=True, eq=False)
class ByField:
    """Along a field of the parent position's state."""

    source: State


@dataclass(slots=True, eq=False)
class ByRequirement:
    """Along a field with `@requires`: an entity fetch at the parent position first."""

    requirement: RequirementOffer


@dataclass(slots=True, eq=False)
class ByCast:
    """By a type condition on the base position's state."""

    source: State


@dataclass(slots=True, eq=False)
class ByKey:
    """Through `_entities`, with this key."""

    key: SelectionOffer


Origin = Opened | AtRoot | ByReentry | ByField | ByRequirement | ByCast | ByKey


@dataclass(slots=True, eq=False)
class State:
    """A way to stand at a position, and what it costs."""

    position: Position
    local: LocalType
    view: View | None
    cost: int
    origin: Origin


class Reach:
    """All states that can be had at a position, given where one comes from.

    The reach of a position on the whole is kept at the position; an explored alternative (one option
    of an abstract field) has reaches of its own.
    """

    __slots__ = (
        "basis",
        "best",
        "checked",
        "options",
        "position",
        "requirements",
        "source",
        "states",
        "version",
        "volatile",
    )

    def __init__(self, position: Position, states: list[State], options: list[LocalType]) -> None:
        self.position = position
        self.states = states
        #: Local types to which fields (not jumps at this position) lead: R1's candidates.
        self.options = options
        #: Field → its cheapest offer here without explosion; valid for `version`.
        self.best: dict[str, LeafOffer | None] = {}
        #: (local type, field) → the offer for what the field requires; valid for `version`.
        self.requirements: dict[tuple[LocalType, str], RequirementOffer | None] = {}
        self.version = -1
        #: What it was computed from, and the session's version when that was last compared.
        self.basis: tuple[int, int] = (-1, -1)
        self.source: Reach | None = None
        self.checked = -1
        #: Prices depended on child positions, so any new state may change them.
        self.volatile = False
