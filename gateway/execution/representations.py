"""Representations: what an entity fetch sends, made from merged data by fixed recipes.

They are encoded one by one, so that the bytes serve both to recognise equal ones and as the request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from gateway.execution.paths import Json, JsonObject, find_objects, is_of
from gateway.plan.nodes import EntityCall, EntityTarget, PathSegment, RepresentationField, RepresentationSpec

__all__ = ["Batch", "CallRecipe", "compile_call"]

#: Makes a representation, or None when the object lacks something that it needs.
_Recipe = Callable[[JsonObject], JsonObject | None]


@dataclass(slots=True)
class Batch:
    """The representations of one `_entities` call, without duplicates."""

    encoded: list[bytes] = field(default_factory=list)
    #: Per target: (index of the representation, object that it was made from).
    owners: list[list[tuple[int, JsonObject]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Target:
    path: tuple[PathSegment, ...]
    #: Runtime type → recipes to try in order.
    by_type: dict[str, tuple[_Recipe, ...]]
    #: For objects whose type is unknown or has no recipe of its own.
    any_type: tuple[_Recipe, ...]


@dataclass(frozen=True, slots=True)
class CallRecipe:
    """An `EntityCall`, compiled."""

    targets: tuple[_Target, ...]

    def collect(self, root: JsonObject) -> Batch:
        """The representations for the data as it is now."""
        batch = Batch()
        seen: dict[bytes, int] = {}
        for target in self.targets:
            batch.owners.append(_collect(root, target, batch.encoded, seen))
        return batch


def _collect(
    root: JsonObject, target: _Target, encoded: list[bytes], seen: dict[bytes, int]
) -> list[tuple[int, JsonObject]]:
    objects = find_objects(root, target.path)
    owners: list[tuple[int, JsonObject]] = []
    dumps = orjson.dumps
    by_type, any_type = target.by_type, target.any_type
    # Objects of one entity share the containers that an earlier fetch brought: each is met once.
    for item in {id(item): item for item in objects}.values():
        name = item.get("__typename")
        recipes = by_type.get(name, any_type) if isinstance(name, str) else any_type
        for recipe in recipes:
            representation = recipe(item)
            if representation is not None:
                key = dumps(representation)
                index = seen.get(key)
                if index is None:
                    index = seen[key] = len(encoded)
                    encoded.append(key)
                owners.append((index, item))
                break
    return owners


def compile_call(call: EntityCall) -> CallRecipe:
    """Compile the recipes of a call."""
    return CallRecipe(tuple(_compile_target(target) for target in call.targets))


def _compile_target(target: EntityTarget) -> _Target:
    names = {name for spec in target.specs for name in spec.on or ()}
    recipes = [(spec, _compile_spec(spec)) for spec in target.specs]
    return _Target(
        path=target.path,
        by_type={
            name: tuple(recipe for spec, recipe in recipes if spec.on is None or name in spec.on)
            for name in names
        },
        any_type=tuple(recipe for spec, recipe in recipes if spec.on is None),
    )


def _compile_spec(spec: RepresentationSpec) -> _Recipe:
    typename = spec.typename
    fill = _compile_fields(spec.fields)

    def recipe(item: JsonObject) -> JsonObject | None:
        name = typename if typename is not None else item.get("__typename")
        if name is None:
            return None
        representation: JsonObject = {"__typename": name}
        return representation if fill(item, representation) else None

    if typename is None or not all(_is_plain(entry) for entry in spec.fields):
        return recipe
    if len(spec.fields) == 1:
        return _single(typename, spec.fields[0])
    return recipe


def _single(typename: str, entry: RepresentationField) -> _Recipe:
    """The commonest recipe: one scalar key of a known type."""
    name, key = entry.name, entry.key

    def recipe(item: JsonObject) -> JsonObject | None:
        return {"__typename": typename, name: item[key]} if key in item else None

    return recipe


def _is_plain(entry: RepresentationField) -> bool:
    return entry.on is None and not entry.fields


def _compile_fields(fields: tuple[RepresentationField, ...]) -> Callable[[JsonObject, JsonObject], bool]:
    """A function that copies the fields of an object; False when one is absent (null is present)."""
    steps = tuple(
        (entry.name, entry.key, entry.on, _compile_fields(entry.fields) if entry.fields else None)
        for entry in fields
    )

    def fill(item: JsonObject, into: JsonObject) -> bool:
        for name, key, on, inner in steps:
            if on is not None and not is_of(item, on):
                continue
            if key not in item:
                return False
            value = item[key]
            if inner is not None:
                value = _nested(value, inner)
                if value is _INCOMPLETE:
                    return False
            into[name] = value
        return True

    return fill


_INCOMPLETE = object()


def _nested(value: Json, fill: Callable[[JsonObject, JsonObject], bool]) -> Json:
    if isinstance(value, dict):
        representation: JsonObject = {}
        if "__typename" in value:
            representation["__typename"] = value["__typename"]
        return representation if fill(value, representation) else _INCOMPLETE
    if isinstance(value, list):
        items = [_nested(item, fill) for item in value]
        return _INCOMPLETE if any(item is _INCOMPLETE for item in items) else items
    return value
