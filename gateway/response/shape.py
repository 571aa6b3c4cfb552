"""The shape of an answer: what the client selected, per runtime type, in the order it must appear.

Made once per (document, operation, conditions, refusals) against the API schema; the projector is
generated from it, and nothing looks at the syntax tree or the schema while serving.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "AbstractShape",
    "AnyShape",
    "EnumShape",
    "FieldShape",
    "ListShape",
    "ObjectShape",
    "RefusedShape",
    "ScalarShape",
    "Shape",
    "TypenameShape",
]


@dataclass(frozen=True, slots=True, eq=False)
class ScalarShape:
    """A built-in scalar: any JSON string, number or boolean; never re-coerced."""

    #: The kind that its values mostly are, which the projector tries first.
    usual: Literal["str", "int", "float", "bool"] = "str"


@dataclass(frozen=True, slots=True, eq=False)
class AnyShape:
    """A custom scalar or an introspection result: goes out untouched."""


@dataclass(frozen=True, slots=True, eq=False)
class EnumShape:
    """An enum; a value that the API schema does not have becomes null."""

    values: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class TypenameShape:
    """`__typename`: known from the schema, or (None) read from the data at an abstract position."""

    name: str | None


@dataclass(frozen=True, slots=True, eq=False)
class RefusedShape:
    """A field that this caller may not see: null, with one error per occurrence."""


@dataclass(frozen=True, slots=True, eq=False)
class ListShape:
    """A list; `item_non_null` is the nullability of its items."""

    item: Shape
    item_non_null: bool


@dataclass(frozen=True, slots=True, eq=False)
class ObjectShape:
    """An object of one runtime type, or of several for which the same was selected."""

    fields: tuple[FieldShape, ...]


@dataclass(frozen=True, slots=True, eq=False)
class AbstractShape:
    """An interface or union: the shape depends on the runtime type that the data names."""

    by_type: Mapping[str, ObjectShape]
    #: For data without `__typename` (an interface object that was never resolved); None: null.
    unknown: ObjectShape | None


Shape = (
    ScalarShape
    | AnyShape
    | EnumShape
    | TypenameShape
    | RefusedShape
    | ListShape
    | ObjectShape
    | AbstractShape
)


@dataclass(frozen=True, slots=True, eq=False)
class FieldShape:
    """One response key of an object."""

    key: str
    shape: Shape
    non_null: bool
    #: `Type.field`, for messages.
    coordinate: str = field(default="")
