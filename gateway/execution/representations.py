"""Representations: what an entity fetch sends, made from merged data by fixed recipes.

Objects that stand for one entity are gathered by the values of its key, so that a representation is
built and encoded once for each entity, not once for each object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Protocol

import orjson

from gateway.execution.paths import Json, JsonObject, is_of
from gateway.execution.walks import Places, Walks
from gateway.plan.nodes import EntityCall, EntityTarget, RepresentationField, RepresentationSpec

__all__ = ["Batch", "CallRecipe", "Objects", "compile_call"]

_Key = object
#: Objects of the merged data, by target.
Objects = Sequence[list[JsonObject]]


class _Recipe(Protocol):
    """How one kind of representation is made. Equal families make equal representations of equal keys."""

    family: object

    def key(self, item: JsonObject) -> _Key:
        """What tells the object's entity from others; raises `KeyError` when the object lacks something."""

    def encode(self, key: _Key) -> bytes:
        """The representation."""


@dataclass(slots=True)
class Batch:
    """The representations of one `_entities` call, without duplicates."""

    encoded: list[bytes] = field(default_factory=list)
    #: Per target: index of the representation → the objects that it was made from.
    owners: list[dict[int, list[JsonObject]]] = field(default_factory=list)
    _seen: dict[object, dict[_Key, int]] = field(default_factory=dict)

    def add(self, recipe: _Recipe, buckets: Mapping[_Key, list[JsonObject]]) -> dict[int, list[JsonObject]]:
        """Note entities and their objects; the objects by index."""
        seen = self._seen.setdefault(recipe.family, {})
        owners = {}
        for key, items in buckets.items():
            index = seen.get(key)
            if index is None:
                index = seen[key] = len(self.encoded)
                self.encoded.append(recipe.encode(key))
            owners[index] = items
        return owners


@dataclass(frozen=True, slots=True)
class _Target:
    #: Where its objects are (`Places`).
    place: int
    #: Runtime type → recipes to try in order.
    by_type: Mapping[str, Sequence[_Recipe]]
    #: For objects whose type is unknown or has no recipe of its own.
    any_type: Sequence[_Recipe]


@dataclass(frozen=True, slots=True)
class CallRecipe:
    """An `EntityCall`, compiled."""

    targets: tuple[_Target, ...]

    def collect(self, walks: Walks) -> Batch:
        """The representations for the data as it is now."""
        return self.batch([walks.objects(target.place) for target in self.targets])

    def batch(self, objects: Objects) -> Batch:
        """The representations of some objects of each target."""
        batch = Batch()
        for target, items in zip(self.targets, objects, strict=True):
            if not target.by_type and len(target.any_type) == 1:
                recipe = target.any_type[0]
                batch.owners.append(batch.add(recipe, _gather(recipe.key, items)))
            else:
                batch.owners.append(_sort_out(target, items, batch))
        return batch


def _gather(
    key_of: Callable[[JsonObject], _Key], items: Iterable[JsonObject]
) -> dict[_Key, list[JsonObject]]:
    """Objects by entity; those that lack what their key needs are left out (federation.md, 3.2)."""
    buckets: dict[_Key, list[JsonObject]] = {}
    for item in items:
        try:
            key = key_of(item)
            bucket = buckets.get(key)
        except KeyError:
            continue
        except TypeError:  # A list or an object in the key: recognised by its encoding.
            key = _Unhashable(orjson.dumps(key_of(item)))
            bucket = buckets.get(key)
        if bucket is None:
            buckets[key] = [item]
        else:
            bucket.append(item)
    return buckets


@dataclass(frozen=True, slots=True)
class _Unhashable:
    encoded: bytes


def _sort_out(target: _Target, items: Iterable[JsonObject], batch: Batch) -> dict[int, list[JsonObject]]:
    """Objects of several types: each by the first recipe of its type that it has everything for."""
    owners: dict[int, list[JsonObject]] = {}
    for item in items:
        name = item.get("__typename")
        recipes = target.by_type.get(name, target.any_type) if isinstance(name, str) else target.any_type
        for recipe in recipes:
            buckets = _gather(recipe.key, (item,))
            if buckets:
                for index, found in batch.add(recipe, buckets).items():
                    owners.setdefault(index, []).extend(found)
                break
    return owners


def compile_call(call: EntityCall, places: Places) -> CallRecipe:
    """Compile the recipes of a call; its paths are added to the plan's places."""
    return CallRecipe(tuple(_compile_target(target, places) for target in call.targets))


def _compile_target(target: EntityTarget, places: Places) -> _Target:
    names = {name for spec in target.specs for name in spec.on or ()}
    recipes = [(spec.on, _compile_spec(spec)) for spec in target.specs]
    return _Target(
        place=places.add(target.path),
        by_type={
            name: tuple(recipe for on, recipe in recipes if on is None or name in on)
            for name in sorted(names)
        },
        any_type=tuple(recipe for on, recipe in recipes if on is None),
    )


def _compile_spec(spec: RepresentationSpec) -> _Recipe:
    if spec.typename is not None and spec.fields and all(_is_plain(entry) for entry in spec.fields):
        return _FlatRecipe(spec.typename, spec.fields)
    return _NestedRecipe(spec)


def _is_plain(entry: RepresentationField) -> bool:
    return entry.on is None and not entry.fields


class _FlatRecipe:
    """The commonest kind: leaf fields of a known type. The key is the tuple of their values."""

    def __init__(self, typename: str, fields: tuple[RepresentationField, ...]) -> None:
        self._typename = typename
        self._names = [entry.name for entry in fields]
        self.family: object = (typename, *self._names)
        self.key: Callable[[JsonObject], _Key] = itemgetter(*(entry.key for entry in fields))

    def encode(self, key: _Key) -> bytes:
        """The representation: the type's name and the values of the key."""
        if isinstance(key, _Unhashable):
            key = orjson.loads(key.encoded)
        # One name: `itemgetter` gives the value itself.
        values: Iterable[Json] = (key,) if len(self._names) == 1 else key  # type: ignore[assignment] # several
        return orjson.dumps({"__typename": self._typename, **dict(zip(self._names, values, strict=True))})


class _NestedRecipe:
    """Any other kind. The key is the representation's own encoding."""

    family: object = "encoded"

    def __init__(self, spec: RepresentationSpec) -> None:
        self._typename = spec.typename
        self._fill = _compile_fields(spec.fields)

    def key(self, item: JsonObject) -> _Key:
        """The encoded representation; raises `KeyError`."""
        name = self._typename if self._typename is not None else item["__typename"]
        representation: JsonObject = {"__typename": name}
        self._fill(item, representation)
        return orjson.dumps(representation)

    def encode(self, key: _Key) -> bytes:
        """The key itself."""
        if not isinstance(key, bytes):
            raise TypeError("the key of a nested representation is its encoding")
        return key


def _compile_fields(fields: tuple[RepresentationField, ...]) -> Callable[[JsonObject, JsonObject], None]:
    """A function that copies the fields of an object; raises `KeyError` for an absent one, not for a null."""
    steps = tuple(
        (entry.name, entry.key, entry.on, _compile_fields(entry.fields) if entry.fields else None)
        for entry in fields
    )

    def fill(item: JsonObject, into: JsonObject) -> None:
        for name, key, on, inner in steps:
            if on is None or is_of(item, on):
                value = item[key]
                into[name] = value if inner is None else _nested(value, inner)

    return fill


def _nested(value: Json, fill: Callable[[JsonObject, JsonObject], None]) -> Json:
    if isinstance(value, dict):
        representation: JsonObject = {}
        if "__typename" in value:
            representation["__typename"] = value["__typename"]
        fill(value, representation)
        return representation
    if isinstance(value, list):
        return [_nested(item, fill) for item in value]
    return value
