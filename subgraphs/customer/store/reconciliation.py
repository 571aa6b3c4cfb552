"""What was published, to compare with what the copies have; and to publish it once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from subgraphs.customer.store.engine import Database

__all__ = ["EventPage", "PublishedEvent", "published_events", "republish"]

_EVENTS = text(
    """
    SELECT "position", id, customer_id, type, sequence
      FROM customer_service.outbox_events(:queue, :published_before, :after, :limit)
    """
)
_REPUBLISH = text("SELECT customer_service.republish(:ids)")


@dataclass(frozen=True, slots=True)
class PublishedEvent:
    """A row of the outbox without its payload."""

    position: int
    id: UUID
    customer_id: UUID
    type: str
    sequence: int


@dataclass(frozen=True, slots=True)
class EventPage:
    """Which page of a queue's events: those after a position, published before an instant."""

    queue: str
    published_before: datetime
    after: int
    limit: int


async def published_events(database: Database, page: EventPage) -> Sequence[PublishedEvent]:
    """In the order of commit: the newest profile event of each customer, all others that are not wiped."""
    async with database.reading() as connection:
        rows = await connection.execute(
            _EVENTS,
            {
                "queue": page.queue,
                "published_before": page.published_before,
                "after": page.after,
                "limit": page.limit,
            },
        )
        return [PublishedEvent(*row) for row in rows]


async def republish(database: Database, ids: Sequence[UUID]) -> int:
    """These events wait for the relay again; returns how many there were. Wiped ones stay as they are."""
    async with database.writing() as connection:
        count: int = await connection.scalar(_REPUBLISH, {"ids": list(ids)}) or 0
        return count
