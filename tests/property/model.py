"""What a random world consists of: the types of one schema, its data, and the subgraphs that share them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "ARGUMENTS",
    "MOODS",
    "SCALARS",
    "ContextArgument",
    "Fault",
    "Field",
    "ObjectType",
    "Part",
    "Subgraph",
    "World",
    "named",
]

SCALARS = ("String", "Int", "Boolean", "ID", "Float", "Mood")
MOODS = ("CALM", "HAPPY", "SAD")
#: Kinds of arguments a field may take, as SDL.
ARGUMENTS = {
    "": "",
    "plain": '(n: Int, tag: String = "t")',
    "rich": '(n: Int = 2, mood: Mood, filter: Filter, ids: [ID!] = ["d"])',
}


def named(reference: str) -> str:
    """The type without lists and non-null marks."""
    return reference.strip("[]!")


@dataclass(frozen=True)
class Fault:
    """A value whose resolver raises."""

    message: str


@dataclass(frozen=True)
class ContextArgument:
    """An argument that the nearest object above which sets the context fills in."""

    name: str
    type: str
    #: The value of `@fromContext(field:)`.
    text: str
    #: Object types that set the context, and the field each of them gives.
    sources: Mapping[str, str]


@dataclass
class Field:
    """A field of the single schema."""

    name: str
    #: Type reference as SDL, such as `[E0!]!`.
    type: str
    #: One of `ARGUMENTS`.
    arguments: str = ""
    #: The field set that it is computed from (`@requires`).
    requires: str = ""
    #: Keys, required and provided fields never fail: others are fetched by way of them.
    reliable: bool = False
    #: `@inaccessible`: for subgraphs only.
    hidden: bool = False
    #: The type that data keeps to where some subgraph promises more than the merged type.
    strict: str = ""
    contexts: tuple[ContextArgument, ...] = ()

    @property
    def named(self) -> str:
        """The type without lists and non-null marks."""
        return named(self.type)

    @property
    def is_leaf(self) -> bool:
        """Is its type a scalar or an enum?"""
        return self.named in SCALARS

    @property
    def signature(self) -> str:
        """Name and arguments as SDL."""
        return self.name + ARGUMENTS[self.arguments]


@dataclass
class ObjectType:
    """An object type of the single schema; an entity when it has keys."""

    name: str
    fields: dict[str, Field] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    interfaces: list[str] = field(default_factory=list)
    instances: list[dict[str, Any]] = field(default_factory=list)
    #: Of a value type: its fields are in different subgraphs.
    split: bool = False

    def add(self, *added: Field) -> None:
        """Add fields."""
        for each in added:
            self.fields[each.name] = each


@dataclass
class Part:
    """What one subgraph says of one field."""

    type: str
    directives: list[str] = field(default_factory=list)
    #: Not resolvable (external, overridden): a call is a fault of the plan.
    forbidden: bool = False
    #: Fields of what is returned that may be asked here although they are external.
    provides: str = ""

    def share(self) -> None:
        """Mark the field as resolvable in several subgraphs."""
        if "@shareable" not in self.directives:
            self.directives.append("@shareable")


@dataclass
class Subgraph:
    """One subgraph: types with the fields it knows."""

    name: str
    objects: dict[str, dict[str, Part]] = field(default_factory=dict)
    #: Fields of applications of `@key` by type; `!` at the end: not resolvable.
    keys: dict[str, list[str]] = field(default_factory=dict)
    interfaces: dict[str, dict[str, str]] = field(default_factory=dict)
    interface_keys: dict[str, list[str]] = field(default_factory=dict)
    interface_objects: dict[str, dict[str, Part]] = field(default_factory=dict)
    #: Interface or union → the object types that it has here.
    members: dict[str, list[str]] = field(default_factory=dict)
    unions: set[str] = field(default_factory=set)
    #: Type → the contexts that it sets.
    contexts: dict[str, list[str]] = field(default_factory=dict)
    queries: dict[str, Part] = field(default_factory=dict)
    mutations: dict[str, Part] = field(default_factory=dict)
    #: Ids of entities that this subgraph does not know when it is asked for them.
    strangers: set[str] = field(default_factory=set)

    def part(self, owner: str, name: str) -> Part | None:
        """What it says of a field of an object type, a root type or an interface object."""
        if owner in ("Query", "Mutation"):
            return (self.queries if owner == "Query" else self.mutations).get(name)
        return (self.objects.get(owner) or self.interface_objects.get(owner) or {}).get(name)


@dataclass
class World:
    """Everything that was drawn."""

    seed: int
    objects: dict[str, ObjectType] = field(default_factory=dict)
    #: Interface name → its fields and implementers.
    interfaces: dict[str, tuple[dict[str, Field], list[str]]] = field(default_factory=dict)
    unions: dict[str, list[str]] = field(default_factory=dict)
    queries: dict[str, Field] = field(default_factory=dict)
    mutations: dict[str, Field] = field(default_factory=dict)
    #: Values of the root fields.
    roots: dict[str, Any] = field(default_factory=dict)
    subgraphs: list[Subgraph] = field(default_factory=list)
    #: Override labels that are active.
    labels: frozenset[str] = frozenset()

    @property
    def entities(self) -> list[ObjectType]:
        """Object types with keys."""
        return [each for each in self.objects.values() if each.keys]

    def is_abstract(self, name: str) -> bool:
        """Is it an interface or a union?"""
        return name in self.interfaces or name in self.unions

    def possible(self, name: str) -> list[str]:
        """The object types behind a composite type."""
        if name in self.interfaces:
            return self.interfaces[name][1]
        return self.unions.get(name, [name])

    def owners(self, owner: str, name: str) -> list[Subgraph]:
        """The subgraphs that resolve a field of an object or root type."""
        return [each for each in self.subgraphs if (part := each.part(owner, name)) and not part.forbidden]

    def copies(self, owner: str, name: str) -> list[Part]:
        """What all subgraphs say of a field."""
        return [part for each in self.subgraphs if (part := each.part(owner, name))]
