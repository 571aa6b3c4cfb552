"""A schema as composition sees it: plain, mutable, every element knows where it was written.

The same classes describe one subgraph and the merged supergraph. Directives of specifications
(federation, tag, cost, …) are stored under their canonical names with `known` set, whatever the
subgraph calls them; others keep the name that they were written with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.composition.result import Location
from gateway.composition.typeref import NonNull, TypeRef
from gateway.composition.values import Const

__all__ = [
    "BUILT_IN_SCALARS",
    "MISSING",
    "ROOT_NAMES",
    "Applied",
    "Argument",
    "DirectiveDef",
    "Element",
    "EnumValue",
    "Field",
    "Kind",
    "Missing",
    "Schema",
    "TypeDef",
]

BUILT_IN_SCALARS = frozenset({"Int", "Float", "String", "Boolean", "ID"})
ROOT_NAMES = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}


class Kind(StrEnum):
    """The six kinds of named types; the value is the SDL keyword."""

    SCALAR = "scalar"
    OBJECT = "type"
    INTERFACE = "interface"
    UNION = "union"
    ENUM = "enum"
    INPUT = "input"

    @property
    def noun(self) -> str:
        """As an error message names it."""
        return _NOUNS[self]

    @property
    def is_composite(self) -> bool:
        """Whether selections go below it."""
        return self in (Kind.OBJECT, Kind.INTERFACE, Kind.UNION)


_NOUNS = {
    Kind.SCALAR: "Scalar Type",
    Kind.OBJECT: "Object Type",
    Kind.INTERFACE: "Interface Type",
    Kind.UNION: "Union Type",
    Kind.ENUM: "Enum Type",
    Kind.INPUT: "Input Object Type",
}


class Missing:
    """The type of `MISSING`: no default value, as opposed to a default of null."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()


@dataclass(slots=True)
class Applied:
    """One application of a directive; `inherited`: written on the type, meant for each of its fields.

    `block` tells applications on different declarations (definition, extensions) of one type apart.
    """

    name: str
    arguments: dict[str, Const]
    location: Location
    known: bool = False
    on_extension: bool = False
    inherited: bool = False
    block: int = 0

    def text(self, name: str) -> str:
        """A string argument's value; empty when it is absent or no string."""
        value = self.arguments.get(name)
        return value if isinstance(value, str) else ""


@dataclass(slots=True)
class Element:
    """What every part of a schema has: a name, a place, a description, directives."""

    name: str
    location: Location
    description: str | None = None
    directives: list[Applied] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Whether the specification directive `name` (canonical) is applied here."""
        return any(d.known and d.name == name for d in self.directives)

    def all(self, name: str) -> list[Applied]:
        """Every application of the specification directive `name`."""
        return [d for d in self.directives if d.known and d.name == name]

    def first(self, name: str) -> Applied | None:
        """The first application of the specification directive `name`."""
        return next((d for d in self.directives if d.known and d.name == name), None)

    def drop(self, name: str) -> None:
        """Remove every application of the specification directive `name`."""
        self.directives = [d for d in self.directives if not (d.known and d.name == name)]


@dataclass(slots=True)
class Argument(Element):
    """An argument of a field or directive."""

    type: TypeRef = field(kw_only=True)
    default: Const | Missing = field(default=MISSING, kw_only=True)

    @property
    def is_required(self) -> bool:
        """Whether a caller must give it."""
        return isinstance(self.type, NonNull) and isinstance(self.default, Missing)


@dataclass(slots=True)
class Field(Element):
    """A field of an object, interface (`arguments`) or input object (`default`)."""

    type: TypeRef = field(kw_only=True)
    arguments: dict[str, Argument] = field(default_factory=dict, kw_only=True)
    default: Const | Missing = field(default=MISSING, kw_only=True)

    @property
    def is_required(self) -> bool:
        """Whether an input object must hold it."""
        return isinstance(self.type, NonNull) and isinstance(self.default, Missing)


@dataclass(slots=True)
class EnumValue(Element):
    """One value of an enum."""


@dataclass(slots=True)
class TypeDef(Element):
    """A named type with all its extensions folded in."""

    kind: Kind = field(kw_only=True)
    fields: dict[str, Field] = field(default_factory=dict, kw_only=True)
    interfaces: dict[str, Location] = field(default_factory=dict, kw_only=True)
    members: dict[str, Location] = field(default_factory=dict, kw_only=True)
    values: dict[str, EnumValue] = field(default_factory=dict, kw_only=True)
    defined: bool = field(default=True, kw_only=True)
    extended: bool = field(default=False, kw_only=True)

    @property
    def is_interface_object(self) -> bool:
        """Whether this object type stands for an interface of the supergraph."""
        return self.has("interfaceObject")


@dataclass(slots=True)
class DirectiveDef(Element):
    """The definition of a directive."""

    arguments: dict[str, Argument] = field(default_factory=dict, kw_only=True)
    locations: tuple[str, ...] = field(kw_only=True)
    repeatable: bool = field(default=False, kw_only=True)


@dataclass(slots=True)
class Schema:
    """Named types, directive definitions and directives of the schema element itself."""

    types: dict[str, TypeDef] = field(default_factory=dict)
    directives: dict[str, DirectiveDef] = field(default_factory=dict)
    applied: list[Applied] = field(default_factory=list)
    description: str | None = None

    def of_kind(self, *kinds: Kind) -> Iterator[TypeDef]:
        """The types of the given kinds, in the order in which they came."""
        return (t for t in self.types.values() if t.kind in kinds)

    def field(self, type_name: str, field_name: str) -> Field | None:
        """The field at the coordinate, or None."""
        owner = self.types.get(type_name)
        return owner.fields.get(field_name) if owner else None

    def implementers(self, interface: str) -> list[str]:
        """Object types that implement the interface."""
        return [t.name for t in self.types.values() if t.kind is Kind.OBJECT and interface in t.interfaces]

    def runtime_types(self, name: str) -> frozenset[str]:
        """Object types that a value of the composite type may have."""
        owner = self.types.get(name)
        if owner is None:
            return frozenset()
        if owner.kind is Kind.UNION:
            return frozenset(owner.members)
        if owner.kind is Kind.INTERFACE:
            return frozenset(self.implementers(name))
        return frozenset({name})
