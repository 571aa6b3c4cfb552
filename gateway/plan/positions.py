"""Positions: where in the response something is, and which types it may have there.

A *place* is a location in the merged data: a chain of response keys, whatever the types. Every place
has one registry of what its response keys stand for, so that a field that only the gateway needs (a
key, a requirement) never lands on a key that the client uses for something else.

A *position* is a place seen under type conditions. A *cast* of a position narrows it to one object
type. Casts and their base are the same data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.operation.selection import FieldArguments, NoArguments
from gateway.plan.nodes import Key, OnTypes, PathSegment

if TYPE_CHECKING:
    from gateway.plan.states import OpenState, Reach

__all__ = ["Place", "Position"]


class Place:
    """A location in the merged data."""

    __slots__ = ("_children", "keys", "registry")

    def __init__(self, keys: tuple[str, ...] = ()) -> None:
        #: Response keys from the root.
        self.keys = keys
        #: Response key → the (field name, arguments) it stands for, over all types.
        self.registry: dict[str, set[tuple[str, str]]] = {}
        self._children: dict[str, Place] = {}

    def child(self, key: str) -> Place:
        """The place below a response key."""
        found = self._children.get(key)
        if found is None:
            found = self._children[key] = Place((*self.keys, key))
        return found

    def claim(self, key: str, name: str, arguments: FieldArguments) -> None:
        """Register what the client uses a response key for."""
        self.registry.setdefault(key, set()).add((name, arguments.text))

    def internal_key(self, name: str, arguments: FieldArguments) -> str:
        """The response key under which the gateway fetches a field for itself: one that stands for
        exactly this field, else its own name, else an alias that is free."""
        wanted = (name, arguments.text)
        for key, meanings in self.registry.items():
            if len(meanings) == 1 and wanted in meanings:
                return key
        key, number = name, 0
        while key in self.registry:
            key, number = f"_i{number}_{name}", number + 1
        self.registry[key] = {wanted}
        return key


class Position:
    """A place under type conditions."""

    __slots__ = (
        "_children",
        "arguments",
        "base",
        "casts",
        "key",
        "lists",
        "name",
        "opened",
        "parent",
        "place",
        "reach",
        "reach_key",
        "type",
    )

    def __init__(
        self,
        place: Place,
        type_name: str,
        parent: Position | None = None,
        base: Position | None = None,
    ) -> None:
        self.place = place
        #: Static type; of a cast, its object type.
        self.type = type_name
        #: The position of the object that has the field; None at the root and for casts.
        self.parent = parent
        #: The position without the cast; itself when it is none.
        self.base = base or self
        self.key = ""
        self.name = ""
        self.arguments = NoArguments
        #: How many lists the field's type has around its named type.
        self.lists = 0
        self._children: dict[str, Position] = {}
        #: Object type → this position narrowed to it (of a base position only).
        self.casts: dict[str, Position] = {}
        #: States that stand here in steps that exist.
        self.opened: list[OpenState] = []
        #: The states that can be had here, and what they were computed from (see `reaching`).
        self.reach: Reach | None = None
        self.reach_key: tuple[object, ...] = ()

    @property
    def is_cast(self) -> bool:
        """Is this position a narrowed one?"""
        return self.base is not self

    @property
    def is_operation_root(self) -> bool:
        """Is this the operation's own root object?"""
        return self.parent is None and self.base is self

    def child(self, key: str, name: str, arguments: FieldArguments, type_name: str, lists: int) -> Position:
        """The position of a composite field's value."""
        found = self._children.get(key)
        if found is None:
            found = self._children[key] = Position(self.place.child(key), type_name, parent=self)
            found.key, found.name, found.arguments, found.lists = key, name, arguments, lists
        return found

    def cast(self, type_name: str) -> Position:
        """The base position narrowed to an object type."""
        base = self.base
        if type_name == base.type:
            return base
        found = base.casts.get(type_name)
        if found is None:
            found = base.casts[type_name] = Position(base.place, type_name, base=base)
        return found

    def path(self) -> tuple[PathSegment, ...]:
        """The way from the response's root, with type conditions."""
        if self.is_cast:
            return (*self.base.path(), OnTypes(frozenset((self.type,))))
        return (*self.parent.path(), Key(self.key, self.lists)) if self.parent is not None else ()
