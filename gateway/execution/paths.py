"""Walking the merged data along a plan's paths. Lists are flattened at any depth."""

from __future__ import annotations

from gateway.plan.nodes import Key, PathSegment

__all__ = ["Json", "JsonObject", "Path", "find_objects", "find_places", "follow", "is_of", "prefix_of"]

Json = object
JsonObject = dict[str, Json]
#: Response keys and list indices, from the root.
Path = tuple[str | int, ...]


def follow(items: list[JsonObject], segment: PathSegment) -> list[JsonObject]:
    """The objects one segment further, in document order; one that is reachable twice appears twice."""
    if isinstance(segment, Key):
        return _step(items, segment.name)
    names = segment.names
    return [item for item in items if is_of(item, names)]


def find_objects(root: JsonObject, path: tuple[PathSegment, ...]) -> list[JsonObject]:
    """The objects at a path."""
    current = [root]
    for segment in path:
        current = follow(current, segment)
    return current


def _step(items: list[JsonObject], name: str) -> list[JsonObject]:
    found: list[Json] = []
    for item in items:
        value = item.get(name)
        kind = value.__class__
        if kind is dict:
            found.append(value)
        elif kind is list:
            found.extend(value)  # type: ignore[arg-type] # told by its class
    # Mostly all are objects now: finding that out in one go is cheaper than asking on the way.
    objects: list[JsonObject] = [item for item in found if item.__class__ is dict]
    return objects if len(objects) == len(found) else _flatten(found)


def _flatten(values: list[Json]) -> list[JsonObject]:
    """The objects in nested lists; nulls (and what is no object) are left out."""
    found: list[JsonObject] = []
    for value in values:
        if isinstance(value, dict):
            found.append(value)
        elif isinstance(value, list):
            found += _flatten(value)
    return found


def is_of(item: JsonObject, names: frozenset[str]) -> bool:
    """Whether the object says that it is of one of these types."""
    name = item.get("__typename")
    return isinstance(name, str) and name in names


def find_places(root: JsonObject, path: tuple[PathSegment, ...]) -> list[tuple[Path, JsonObject]]:
    """The same objects with their concrete paths; slower, for errors only."""
    current: list[tuple[Path, JsonObject]] = [((), root)]
    for segment in path:
        if isinstance(segment, Key):
            found: list[tuple[Path, JsonObject]] = []
            for place, item in current:
                _descend((*place, segment.name), item.get(segment.name), found)
            current = found
        else:
            current = [(place, item) for place, item in current if is_of(item, segment.names)]
    return current


def _descend(place: Path, value: Json, found: list[tuple[Path, JsonObject]]) -> None:
    if isinstance(value, dict):
        found.append((place, value))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _descend((*place, index), item, found)


def prefix_of(path: tuple[PathSegment, ...]) -> tuple[str, ...]:
    """The response keys of a path, for an error that concerns all of its objects."""
    return tuple(segment.name for segment in path if isinstance(segment, Key))
