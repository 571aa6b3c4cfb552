"""Values from contexts: the entities of a call, grouped by what the objects above them give.

An entity's context is an object on the way to it, so the way is walked with its values in hand. Objects
that are given equal values stay together: there are as many groups as distinct tuples of values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson

from gateway.execution.paths import Json, JsonObject, follow, is_of
from gateway.execution.representations import Batch, CallRecipe
from gateway.execution.walks import Places, Walks
from gateway.plan.nodes import ContextValue, EntityCall, PathSegment, RepresentationField

__all__ = ["ContextualCall", "compile_contextual"]

#: The encoded values, in the order of their reading.
_Values = tuple[bytes, ...]
_Groups = dict[_Values, list[JsonObject]]
_NULL = b"null"


@dataclass(frozen=True, slots=True)
class ContextualCall:
    """An `EntityCall` with contexts, compiled."""

    recipe: CallRecipe
    #: Where the topmost object is that gives a value (`Places`).
    place: int
    #: From there on: the values to read at each object, then the segment to go on by.
    way: tuple[tuple[tuple[ContextValue, ...], PathSegment], ...]
    #: Position of each context's value in the order of reading.
    order: tuple[int, ...]

    def collect(self, walks: Walks) -> Iterator[tuple[Sequence[bytes], Batch]]:
        """The values of the contexts and the representations that go with them, for each distinct tuple."""
        groups: _Groups = {(): walks.objects(self.place)}
        for contexts, segment in self.way:
            for context in contexts:
                groups = _split(groups, context)
            groups = {values: follow(items, segment) for values, items in groups.items()}
        for values, items in groups.items():
            batch = self.recipe.batch([items])
            if batch.encoded:
                yield [values[position] for position in self.order], batch


def compile_contextual(call: EntityCall, recipe: CallRecipe, places: Places) -> ContextualCall:
    """Compile a call that has contexts."""
    path = call.targets[0].path
    read = sorted(range(len(call.contexts)), key=lambda index: call.contexts[index].depth)
    top = call.contexts[read[0]].depth
    way = tuple(
        (tuple(call.contexts[index] for index in read if call.contexts[index].depth == depth), path[depth])
        for depth in range(top, len(path))
    )
    order = tuple(read.index(index) for index in range(len(call.contexts)))
    return ContextualCall(recipe, places.add(path[:top]), way, order)


def _split(groups: _Groups, context: ContextValue) -> _Groups:
    required = context.type.endswith("!")
    found: _Groups = {}
    for values, items in groups.items():
        for item in items:
            value = orjson.dumps(_read(item, context.fields))
            # Null for an argument that cannot be: what failed above was told, and the request would fail too.
            if value != _NULL or not required:
                found.setdefault((*values, value), []).append(item)
    return found


def _read(item: JsonObject, fields: tuple[RepresentationField, ...]) -> Json:
    """The one leaf that the fields come down to for this object."""
    for entry in fields:
        if entry.on is None or is_of(item, entry.on):
            value = item.get(entry.key)
            return _below(value, entry.fields) if entry.fields else value
    return None


def _below(value: Json, fields: tuple[RepresentationField, ...]) -> Json:
    if isinstance(value, dict):
        return _read(value, fields)
    return [_below(item, fields) for item in value] if isinstance(value, list) else None
