"""Sends events again that were sent before, to rebuild a copy; runs as the relay's role."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from sqlalchemy import text

from subgraphs.customer.store.engine import administering

__all__ = ["BATCH", "replay"]

#: Events that begin to wait by one transaction: the relay starts on them while the next are looked up.
BATCH = 10_000

_LAST = text("SELECT coalesce(max(position), 0) FROM customer_graph.outbox WHERE queue = :queue")
# Wiped payloads of erased customers stay as they are; the table's trigger would keep them, too. Rows are
# locked in the order of their positions, as an erasure locks them.
_REPLAY = text(
    """
    WITH chosen AS (
        SELECT id FROM customer_graph.outbox
         WHERE queue = :queue AND position > :after AND position <= :last AND created_at >= :since
           AND published_at IS NOT NULL AND (payload <> '{}' OR type = 'customer.erased.v1')
         ORDER BY position LIMIT :batch FOR UPDATE),
    waiting AS (
        UPDATE customer_graph.outbox o SET published_at = NULL, replay = :run
          FROM chosen WHERE o.id = chosen.id RETURNING o.position)
    SELECT count(*) AS events, max(position) AS reached FROM waiting
    """
)
_NOTIFY = text("SELECT pg_notify('customer_outbox', '')")


async def replay(relay_url: str, queue: str, since: datetime, batch: int = BATCH) -> int:
    """The queue's events committed at or after `since` wait for the relay again; returns how many.

    What is committed meanwhile is not part of it: that is sent anyway. Each run is told apart by an id of its
    own, so that SQS takes also what it was sent within the last five minutes. Copies absorb what they have.
    """
    run, events, after = uuid4(), 0, 0
    async with administering(relay_url) as engine:
        async with engine.begin() as connection:
            last = await connection.scalar(_LAST, {"queue": queue})
        while True:
            values = {
                "queue": queue,
                "since": since,
                "run": run,
                "batch": batch,
                "after": after,
                "last": last,
            }
            async with engine.begin() as connection:
                marked = (await connection.execute(_REPLAY, values)).one()
                await connection.execute(_NOTIFY)
            events += int(marked.events)
            if marked.events < batch:
                return events
            after = marked.reached
