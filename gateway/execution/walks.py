"""Finding the objects at a plan's paths, each part of a path walked once while nothing new appears.

Fetches of one plan share paths, or at least their beginnings. The plan's paths are compiled into a trie
whose places have numbers; a run remembers the objects at each place until an answer brings containers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.execution.paths import JsonObject, follow
from gateway.plan.nodes import PathSegment

__all__ = ["Places", "Walks"]


@dataclass(slots=True)
class Places:
    """The trie: place 0 is the root, each other one a segment after its parent."""

    parents: list[int] = field(default_factory=lambda: [0])
    segments: list[PathSegment | None] = field(default_factory=lambda: [None])
    _known: dict[tuple[int, PathSegment], int] = field(default_factory=dict)

    def add(self, path: tuple[PathSegment, ...]) -> int:
        """The number of the place where this path leads."""
        place = 0
        for segment in path:
            step = (place, segment)
            if step not in self._known:
                self._known[step] = len(self.parents)
                self.parents.append(place)
                self.segments.append(segment)
            place = self._known[step]
        return place


class Walks:
    """The objects of one run's data by place, each object once."""

    def __init__(self, places: Places, root: JsonObject) -> None:
        self._places = places
        self._root = [root]
        self._found: dict[int, list[JsonObject]] = {}

    def objects(self, place: int) -> list[JsonObject]:
        """The objects at a place, in document order. Not to be changed."""
        if place == 0:
            return self._root
        found = self._found.get(place)
        if found is None:
            segment = self._places.segments[place]
            if segment is None:
                raise AssertionError("only the root has no segment")
            reached = follow(self.objects(self._places.parents[place]), segment)
            # Objects of one entity share the containers that an earlier fetch brought: each is met once.
            found = list({id(item): item for item in reached}.values())
            self._found[place] = found
        return found

    def forget(self) -> None:
        """Containers or type names were merged: there may be other objects at any place now."""
        self._found.clear()
