"""How far the copies are behind: what waits in the outbox, and what the relay saw in the queues."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from subgraphs.customer.store.engine import Database

__all__ = ["QueueState", "read_queues"]

_QUEUES = text(
    """
    SELECT queue, coalesce(pending, 0) AS pending,
           coalesce(greatest(extract(epoch FROM clock_timestamp() - oldest_at), 0), 0)::float8 AS oldest_s,
           coalesce(in_flight, 0) AS in_flight, coalesce(dead_lettered, 0) AS dead_lettered,
           last_published_at
      FROM unnest(CAST(:queues AS text[])) WITH ORDINALITY AS queues (queue, place)
      LEFT JOIN customer_service.outbox_pending USING (queue)
      LEFT JOIN customer_service.relay_queue USING (queue)
     ORDER BY place
    """
)


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue's backlog."""

    queue: str
    #: Events committed but not yet sent.
    pending: int
    #: Age of the oldest of them; 0 when there is none.
    oldest_seconds: float
    #: As the relay last saw them in the queue and its DLQ; 0 until it has looked.
    in_flight: int
    dead_lettered: int
    last_published_at: datetime | None


async def read_queues(database: Database, queues: Sequence[str]) -> Sequence[QueueState]:
    """The state of each queue, in the order given; one statement."""
    async with database.reading() as connection:
        rows = await connection.execute(_QUEUES, {"queues": list(queues)})
        return [QueueState(*row) for row in rows]
