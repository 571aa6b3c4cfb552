"""The way from the operation's root to one leaf of the client's selection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.operation.selection import Field
from gateway.plan.offers import ExplodedOffer, Offer
from gateway.plan.options import explode, is_dropped
from gateway.plan.positions import Position
from gateway.plan.states import Reach

if TYPE_CHECKING:
    from gateway.plan.session import Session

__all__ = ["Link", "Task", "find_route"]


@dataclass(frozen=True, slots=True)
class Link:
    """One step of the way: narrow to `scope` (if any), then follow or read the field."""

    scope: str | None
    item: Field


@dataclass(frozen=True, slots=True)
class Task:
    """A leaf to attach."""

    links: tuple[Link, ...]
    #: Where the leaf's object is.
    position: Position


#: Nothing to fetch: the type that was asked for is no part of the field's contract (R1).
_DROPPED = ExplodedOffer(0)


def find_route(session: Session, root: Position, task: Task) -> Offer | None:
    """The cheapest offer for the leaf; None when there is no way to it.

    Interface level comes first: only when a field cannot be had as it is asked, the nearest abstract
    position above is exploded, then the next one further up.
    """
    return _follow(session, session.reaching.at(root), task.links, 0)


def _follow(session: Session, here: Reach, links: tuple[Link, ...], index: int) -> Offer | None:
    item = links[index].item
    if index == len(links) - 1:
        found: Offer | None = session.pricing.leaf(here, item, item.key)
    else:
        below = session.reaching.below(session.child(here.position, item.key, item), here)
        found = _descend(session, below, links, index + 1)
    if found is None:
        found = explode(session, here, lambda reach: _follow(session, reach, links, index))
    return found


def _descend(session: Session, below: Reach, links: tuple[Link, ...], index: int) -> Offer | None:
    if not below.states:
        return None
    scope = links[index].scope
    if scope is None or scope == below.position.type:
        return _follow(session, below, links, index)
    if is_dropped(below, scope):
        return _DROPPED
    narrowed = session.reaching.below(below.position.cast(scope), below)
    return _follow(session, narrowed, links, index) if narrowed.states else None
