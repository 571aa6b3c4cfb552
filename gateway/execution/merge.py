"""Merging of subgraph answers into one tree, in place (federation.md, section 4.2).

Each rule holds whatever order answers arrive in: null never replaces data, data replaces null,
objects merge by key, lists of equal length by index.
"""

from __future__ import annotations

from gateway.execution.paths import Json, JsonObject

__all__ = ["copy_object", "has_structure", "merge_object"]


def merge_object(target: JsonObject, source: JsonObject) -> None:
    """Merge `source` into `target`; containers of `source` are adopted, not copied."""
    if source.keys().isdisjoint(target):
        target.update(source)  # What an entity fetch brings is mostly new.
        return
    for key, value in source.items():
        if key not in target:
            target[key] = value
        elif value is not None:
            target[key] = _merged(target[key], value)


def _merged(present: Json, value: Json) -> Json:
    if isinstance(present, dict) and isinstance(value, dict):
        if present is not value:
            merge_object(present, value)
        return present
    if isinstance(present, list) and isinstance(value, list):
        _merge_list(present, value)
        return present
    return value


def _merge_list(present: list[Json], values: list[Json]) -> None:
    """Merge by index. Lists of different length do not describe the same things: the first one stays."""
    if present is values or len(present) != len(values):
        return
    for index, value in enumerate(values):
        if value is not None:
            present[index] = _merged(present[index], value)


def has_structure(source: JsonObject) -> bool:
    """Whether merging it may put other objects at a path: by containers, or by a type's name."""
    return "__typename" in source or any(value.__class__ in _CONTAINERS for value in source.values())


_CONTAINERS = frozenset({dict, list})


def copy_object(value: JsonObject) -> JsonObject:
    """A copy that shares no list and no object with the original; leaves are immutable."""
    return {key: _copy(item) for key, item in value.items()}


def _copy(value: Json) -> Json:
    if isinstance(value, dict):
        return copy_object(value)
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value
