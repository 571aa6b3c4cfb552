"""The client's selection as tasks: leaves to attach, those with the fewest ways first.

Order matters more than cost constants: leaves that only one subgraph has decide which steps are
needed anyway, and what has a choice then finds them open.
"""

from __future__ import annotations

from gateway.operation.selection import Field, SelectionSet, typename_of
from gateway.plan.positions import Position
from gateway.plan.routes import Link, Task
from gateway.plan.session import Session

__all__ = ["read_tasks"]

#: Rank of a leaf that no subgraph has on the very type it was selected on.
_INDIRECT = 50
#: Rank of `__typename`: it comes free with whatever else is fetched.
_TYPENAME = 1000


def read_tasks(session: Session, root: Position, selection: SelectionSet) -> list[Task]:
    """All leaves in the order in which to attach them; registers the client's response keys."""
    reader = _Reader(session)
    reader.read(root, selection, ())
    return [task for _, _, task in sorted(reader.ranked, key=lambda entry: entry[:2])]


class _Reader:
    def __init__(self, session: Session) -> None:
        self._session = session
        self.ranked: list[tuple[int, int, Task]] = []

    def read(self, position: Position, selection: SelectionSet, links: tuple[Link, ...]) -> None:
        """Collect what is selected at a position."""
        start = len(self.ranked)
        base = selection.scopes.get(None, {})
        asked = False
        for scope, fields in selection.scopes.items():
            here = position if scope is None else position.cast(scope)
            for item in fields.values():
                position.place.claim(item.key, item.name, item.arguments)
                if item.name == "__typename":
                    asked = True
                elif not item.name.startswith("__"):
                    self._field(here, scope, item, links, base)
        # An object of which nothing is fetched must still be known to exist.
        narrowed = any(scope is not None for scope in selection.scopes)
        abstract = self._session.types.supergraph.types[position.type].abstract
        if links and ((abstract and (asked or narrowed)) or len(self.ranked) == start):
            self._add(_TYPENAME, position, (*links, Link(None, typename_of(selection.type))))

    def _field(
        self, here: Position, scope: str | None, item: Field, links: tuple[Link, ...], base: dict[str, Field]
    ) -> None:
        way = (*links, Link(scope, item))
        if item.selection is not None:
            self.read(self._session.child(here, item.key, item), item.selection, way)
            return
        same = base.get(item.key) if scope is not None else None
        if same is None or same.name != item.name or same.arguments.text != item.arguments.text:
            alternatives = self._session.types.alternatives(item.parent, item.name)
            self._add(alternatives or _INDIRECT, here, way)

    def _add(self, rank: int, position: Position, links: tuple[Link, ...]) -> None:
        self.ranked.append((rank, len(self.ranked), Task(links, position)))
