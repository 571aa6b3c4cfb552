"""What one request will ask: selection trees that grow while leaves are attached, and their steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from gateway.operation.selection import FieldArguments
from gateway.plan.local import LocalType
from gateway.plan.positions import Position

__all__ = [
    "CONTEXT_STEM",
    "ContextSource",
    "Need",
    "Needs",
    "SpecKey",
    "Step",
    "StepContext",
    "StepKind",
    "Target",
    "Tree",
    "TreeField",
    "absorb",
    "ancestry",
    "bits",
    "clashes",
]

#: `root` asks for fields of a root type, `entity` goes through `_entities`.
StepKind = Literal["root", "entity"]


@dataclass(slots=True, eq=False)
class TreeField:
    """One field of a selection tree."""

    name: str
    arguments: FieldArguments
    #: None for a leaf.
    child: Tree | None


class Tree:
    """The selections on one object within one request."""

    __slots__ = ("casts", "fields", "type", "typename")

    def __init__(self, type_name: str) -> None:
        self.type = type_name
        #: Response key → field.
        self.fields: dict[str, TreeField] = {}
        #: Type condition → selections under it.
        self.casts: dict[str, Tree] = {}
        self.typename = False

    def composite(self, position: Position, target: str, arguments: FieldArguments) -> Tree:
        """Select a composite field (once), and return the tree below it."""
        known = self.fields.get(position.key)
        if known is None:
            known = self.fields[position.key] = TreeField(position.name, arguments, None)
        if known.child is None:
            known.child = Tree(target)
        return known.child

    def leaf(self, key: str, name: str, arguments: FieldArguments) -> None:
        """Select a leaf (once)."""
        if key not in self.fields:
            self.fields[key] = TreeField(name, arguments, None)

    def cast(self, type_name: str) -> Tree:
        """The selections for objects of this type."""
        if type_name == self.type:
            return self
        known = self.casts.get(type_name)
        if known is None:
            known = self.casts[type_name] = Tree(type_name)
        return known

    def signature(self) -> tuple[object, ...]:
        """Equal for trees that ask the same."""
        return (
            self.type,
            self.typename,
            tuple(
                (key, item.name, item.arguments.text, item.child.signature() if item.child else None)
                for key, item in sorted(self.fields.items())
            ),
            tuple(cast.signature() for _, cast in sorted(self.casts.items())),
        )


@dataclass(slots=True, eq=False)
class Need:
    """A field of a representation: which data key holds it, and what of it is needed."""

    key: str
    #: (field name, object type it is limited to) → need; empty for a leaf.
    fields: dict[tuple[str, str | None], Need] = field(default_factory=dict)

    def absorb(self, other: Need) -> None:
        """Also need what `other` needs; the two must not clash."""
        absorb(self.fields, other.fields)


Needs = dict[tuple[str, str | None], Need]


def absorb(into: Needs, other: Needs) -> None:
    """Unite two sets of needs that do not clash."""
    for name, item in other.items():
        known = into.get(name)
        if known is None:
            into[name] = item
        else:
            known.absorb(item)


def clashes(left: Needs, right: Needs) -> bool:
    """Would one representation need two values under one name?"""
    for (name, _), item in right.items():
        for (known_name, _), known in left.items():
            if name == known_name and (item.key != known.key or clashes(known.fields, item.fields)):
                return True
    return False


#: Runtime type that a representation is limited to (None: any), and the `__typename` it states.
SpecKey = tuple[str | None, str]


@dataclass(slots=True, eq=False)
class Target:
    """A position whose objects a step sends as representations."""

    position: Position
    specs: dict[SpecKey, Needs] = field(default_factory=dict)


#: Stands in a selection for what the names of its context variables begin with. The name is chosen when
#: the request is printed; printed GraphQL never holds this character.
CONTEXT_STEM = "\0"

#: A context, what is selected from it, and as which type.
ContextSource = tuple[str, str, str]


@dataclass(frozen=True, slots=True, eq=False)
class StepContext:
    """A value that a step takes from an object above its entities."""

    #: Number of its variable within the step.
    index: int
    type: str
    #: Where the object is that sets the context.
    position: Position
    #: What is read there.
    needs: Needs


@dataclass(slots=True, eq=False)
class Step:
    """One request in the making. `id` is its index in the session; dependencies are bit sets of ids."""

    id: int
    graph: str
    kind: StepKind
    tree: Tree
    #: Root steps: the position of the root object. Entity steps: of the entities.
    position: Position
    #: Entity steps: representations of one family share a request (see `opening`).
    family: object = None
    #: Steps that must have ended before.
    after: int = 0
    #: `after`, and theirs in turn.
    ancestors: int = 0
    targets: list[Target] = field(default_factory=list)
    #: Entity steps: what arguments take from contexts; asked once per distinct tuple of values.
    contexts: dict[ContextSource, StepContext] = field(default_factory=dict)
    #: Root steps: the local root type.
    root: LocalType | None = None

    @property
    def bit(self) -> int:
        """The step as a one-element set."""
        return 1 << self.id


def bits(mask: int) -> Iterator[int]:
    """The members of a bit set, in ascending order."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def ancestry(steps: list[Step], after: int) -> int:
    """`after` with all its ancestors."""
    result = after
    for index in bits(after):
        result |= steps[index].ancestors
    return result
