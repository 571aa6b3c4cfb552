"""Undoing of aliases that were sent to one subgraph only (federation.md, section 3.4).

Two types of one selection may have fields of one response key but of different types; a subgraph
would refuse that, so the plan aliases the later one and the answer is renamed before it is merged.
"""

from __future__ import annotations

from gateway.execution.paths import Json, JsonObject, find_objects
from gateway.plan.nodes import AliasUndo, Key

__all__ = ["undo_aliases", "undo_path"]


def undo_aliases(data: JsonObject, undo: tuple[AliasUndo, ...]) -> None:
    """Rename in place. Deepest first, since a path runs over keys as they were sent."""
    for alias in sorted(undo, key=lambda alias: -len(alias.path)):
        for item in find_objects(data, alias.path):
            if alias.sent in item:
                item[alias.key] = item.pop(alias.sent)


def undo_path(path: list[Json], undo: tuple[AliasUndo, ...]) -> list[Json]:
    """An error's path with the client's response keys."""
    renamed = list(path)
    for alias in undo:
        keys = tuple(segment.name for segment in alias.path if isinstance(segment, Key))
        place = _position_after(path, keys)
        if place is not None and place < len(path) and path[place] == alias.sent:
            renamed[place] = alias.key
    return renamed


def _position_after(path: list[Json], keys: tuple[str, ...]) -> int | None:
    """The position of the first key after `keys`, list indices passed over; None when the path differs."""
    position = 0
    for key in keys:
        while position < len(path) and isinstance(path[position], int):
            position += 1
        if position >= len(path) or path[position] != key:
            return None
        position += 1
    while position < len(path) and isinstance(path[position], int):
        position += 1
    return position
