"""One planning run: what its parts share."""

from __future__ import annotations

from gateway.operation.selection import Field
from gateway.plan.budget import Meter
from gateway.plan.local import LocalType, LocalTypes
from gateway.plan.opening import Opening
from gateway.plan.positions import Position
from gateway.plan.pricing import Pricing
from gateway.plan.reaching import Reaching
from gateway.plan.trees import Step

__all__ = ["Session"]


class Session:
    """The growing plan. `version` changes whenever a state or step is opened, so that whatever was
    priced before can be told from what is priced with the new state of things."""

    def __init__(self, types: LocalTypes, meter: Meter, only: str | None = None) -> None:
        self.types = types
        self.meter = meter
        #: The one graph that may answer root fields (a mutation is never split); None: any.
        self.only = only
        self.steps: list[Step] = []
        self.root_steps: dict[LocalType, Step] = {}
        self.version = 0
        self.reaching = Reaching(self)
        self.pricing = Pricing(self)
        self.opening = Opening(self)

    def internal_child(self, position: Position, item: Field) -> Position:
        """The position of a composite field that the gateway needs for itself."""
        key = position.place.internal_key(item.name, item.arguments)
        return self.child(position, key, item)

    def child(self, position: Position, key: str, item: Field) -> Position:
        """The position below a composite field under a response key."""
        type_ref = item.type
        if type_ref is None:
            raise ValueError(f"{item.name} has no type of the supergraph")
        return position.child(key, item.name, item.arguments, type_ref.named, type_ref.lists)
