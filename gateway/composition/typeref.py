"""References to types (`[Debt!]!`) as small immutable values that print, compare and nest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["ListOf", "Named", "NonNull", "TypeRef", "is_list", "named_type", "nullable", "renamed"]


@dataclass(frozen=True, slots=True)
class Named:
    """A plain type name."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of something."""

    of: TypeRef

    def __str__(self) -> str:
        return f"[{self.of}]"


@dataclass(frozen=True, slots=True)
class NonNull:
    """Something that is never null."""

    of: Named | ListOf

    def __str__(self) -> str:
        return f"{self.of}!"


TypeRef: TypeAlias = Named | ListOf | NonNull


def named_type(ref: TypeRef) -> str:
    """The name at the heart of the reference."""
    while not isinstance(ref, Named):
        ref = ref.of
    return ref.name


def nullable(ref: TypeRef) -> Named | ListOf:
    """The reference without its outer `!`."""
    return ref.of if isinstance(ref, NonNull) else ref


def is_list(ref: TypeRef) -> bool:
    """Whether a value is a list, nullable or not."""
    return isinstance(nullable(ref), ListOf)


def renamed(ref: TypeRef, names: dict[str, str]) -> TypeRef:
    """The same shape around the new name of its type."""
    match ref:
        case Named(name):
            return Named(names.get(name, name))
        case ListOf(of):
            return ListOf(renamed(of, names))
        case NonNull(of):
            inner = renamed(of, names)
            assert not isinstance(inner, NonNull)
            return NonNull(inner)
