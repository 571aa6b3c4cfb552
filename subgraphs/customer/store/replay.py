"""Sends events again that were sent before, to rebuild a copy; runs as the relay's role."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from subgraphs.customer.store.engine import administering

__all__ = ["replay"]

# Wiped payloads of erased customers stay as they are; the table's trigger would keep them, too.
_REPLAY = text(
    """
    UPDATE customer_graph.outbox SET published_at = NULL
     WHERE queue = :queue AND created_at >= :since AND published_at IS NOT NULL
       AND (payload <> '{}' OR type = 'customer.erased.v1')
    """
)


async def replay(relay_url: str, queue: str, since: datetime) -> int:
    """The queue's events committed at or after `since` wait for the relay again; returns how many.

    Copies absorb what they have already. SQS drops an event that it was sent within the last five minutes.
    """
    async with administering(relay_url) as engine, engine.begin() as connection:
        marked = await connection.execute(_REPLAY, {"queue": queue, "since": since})
        await connection.execute(text("SELECT pg_notify('customer_outbox', '')"))
        return int(marked.rowcount)
