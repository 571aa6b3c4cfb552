"""Walking the merged data along a plan's paths. Lists are flattened at any depth."""

from __future__ import annotations

from gateway.plan.nodes import Key, PathSegment

__all__ = ["Json", "JsonObject", "Path", "find_objects", "find_places", "is_of", "prefix_of"]

Json = object
JsonObject = dict[str, Json]
#: Response keys and list indices, from the root.
Path = tuple[str | int, ...]


def find_objects(root: JsonObject, path: tuple[PathSegment, ...]) -> list[JsonObject]:
    """The objects at a path, in document order; one that is reachable twice appears twice."""
    current = [root]
    for segment in path:
        if isinstance(segment, Key):
            found: list[JsonObject] = []
            name = segment.name
            for item in current:
                value = item.get(name)
                if value.__class__ is dict:
                    found.append(value)
                elif value.__class__ is list:
                    _flatten(value, found)
            current = found
        else:
            names = segment.names
            current = [item for item in current if is_of(item, names)]
    return current


def _flatten(values: list[Json], found: list[JsonObject]) -> None:
    for value in values:
        if value.__class__ is dict:
            found.append(value)
        elif value.__class__ is list:
            _flatten(value, found)


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
