"""Which errors a projection deserves: found in a second walk, made only when the first one saw a fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gateway.response.shape import (
    AbstractShape,
    AnyShape,
    EnumShape,
    FieldShape,
    ListShape,
    ObjectShape,
    RefusedShape,
    ScalarShape,
    Shape,
    TypenameShape,
)

__all__ = ["Fault", "FaultKind", "Path", "find_faults"]

Json = object
Path = tuple[str | int, ...]
#: Errors of one answer: a list of a thousand items with a fault each tells nothing more after these.
MAX_FAULTS: Final = 100


class FaultKind(Enum):
    """Why a value was not answered."""

    NULL = "null in a non-null place"
    WRONG_SHAPE = "not the kind of value that the schema promises"
    REFUSED = "the caller may not see it"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, at the place where it arose (not where the null came to rest)."""

    kind: FaultKind
    path: Path
    coordinate: str


def find_faults(shape: ObjectShape, data: Json) -> list[Fault]:
    """All faults of the data in document order, at most `MAX_FAULTS`. Same verdicts as the projector."""
    walk = _Walk()
    walk.value(shape, data, (), "")
    return walk.faults


class _Walk:
    """Each method answers whether the projection of the value is non-null."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def value(self, shape: Shape, data: Json, path: Path, coordinate: str) -> bool:
        if isinstance(shape, RefusedShape):
            self._add(FaultKind.REFUSED, path, coordinate)
            return False
        if data is None:
            return False
        if isinstance(shape, ScalarShape):
            return self._kind(isinstance(data, (str, int, float)), path, coordinate)
        if isinstance(shape, AnyShape):
            return True
        if isinstance(shape, EnumShape):
            return isinstance(data, str) and data in shape.values
        if isinstance(shape, TypenameShape):
            return self._kind(isinstance(data, str), path, coordinate)
        if isinstance(shape, ListShape):
            return self._list(shape, data, path, coordinate)
        if not isinstance(data, dict):
            return self._kind(False, path, coordinate)
        if isinstance(shape, AbstractShape):
            return self._abstract(shape, data, path)
        return self._fields(shape.fields, data, path)

    def _list(self, shape: ListShape, data: Json, path: Path, coordinate: str) -> bool:
        if not isinstance(data, list):
            return self._kind(False, path, coordinate)
        present = True
        for index, item in enumerate(data):
            place = (*path, index)
            before = len(self.faults)
            if not self.value(shape.item, item, place, coordinate) and shape.item_non_null:
                self._null(before, place, coordinate)
                present = False
        return present

    def _abstract(self, shape: AbstractShape, data: dict[str, Json], path: Path) -> bool:
        name = data.get("__typename")
        runtime = (
            shape.unknown if name is None else shape.by_type.get(name) if isinstance(name, str) else None
        )
        return runtime is not None and self._fields(runtime.fields, data, path)

    def _fields(self, fields: Sequence[FieldShape], data: dict[str, Json], path: Path) -> bool:
        present = True
        for field in fields:
            place = (*path, field.key)
            before = len(self.faults)
            shape = field.shape
            if isinstance(shape, TypenameShape):
                value: Json = shape.name or data.get("__typename")
            else:
                value = data.get(field.key)
            if not self.value(shape, value, place, field.coordinate) and field.non_null:
                self._null(before, place, field.coordinate)
                present = False
        return present

    def _null(self, before: int, path: Path, coordinate: str) -> None:
        """A null in a non-null place; one that came from below was recorded there already."""
        if len(self.faults) == before:
            self._add(FaultKind.NULL, path, coordinate)

    def _kind(self, right: bool, path: Path, coordinate: str) -> bool:
        if not right:
            self._add(FaultKind.WRONG_SHAPE, path, coordinate)
        return right

    def _add(self, kind: FaultKind, path: Path, coordinate: str) -> None:
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(kind, path, coordinate))
