"""Deletes what is older than it has to be kept; runs as the owner, since the service's role deletes nothing.

Batches, each a transaction of its own, so that the service is not held up and a broken run loses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import TextClause, text

from subgraphs.customer.outbox import QUEUES
from subgraphs.customer.store.engine import administering

__all__ = ["BATCH", "expire_access_log", "expire_outbox"]

#: Rows that one transaction deletes: some tens of milliseconds.
BATCH = 5_000

# The table's trigger refuses a DELETE without this, see revision 0007.
_ON_PURPOSE = text("SET LOCAL customer_graph.retention = 'on'")
_EXPIRE_ACCESS = text(
    """
    WITH gone AS (
        DELETE FROM customer_graph.access_log WHERE id IN (
            SELECT id FROM customer_graph.access_log
             WHERE at < :before AND id > :after ORDER BY id LIMIT :batch)
        RETURNING id AS place)
    SELECT count(*) AS rows, max(place) AS reached FROM gone
    """
)
# Kept whatever their age: what waits for the relay, the newest profile of each customer, and erasures. From
# these a rating database and all tombstones can be rebuilt.
_EXPIRE_EVENTS = text(
    """
    WITH gone AS (
        DELETE FROM customer_graph.outbox WHERE id IN (
            SELECT id FROM customer_graph.outbox o
             WHERE queue = :queue AND position > :after AND published_at < :before
               AND type <> 'customer.erased.v1'
               AND (type <> 'customer.profile.v1' OR payload = '{}' OR EXISTS (
                    SELECT FROM customer_graph.outbox newer
                     WHERE newer.aggregateid = o.aggregateid AND newer.queue = o.queue
                       AND newer.position > o.position))
             ORDER BY position LIMIT :batch FOR UPDATE)
        RETURNING position AS place)
    SELECT count(*) AS rows, max(place) AS reached FROM gone
    """
)


async def expire_access_log(owner_url: str, before: datetime, batch: int = BATCH) -> int:
    """Rows of the access log before that moment are gone; returns how many were.

    Raises `ConfigurationProblem` when some of them are of the last 180 days, which the database keeps.
    """
    return await _expire(owner_url, _EXPIRE_ACCESS, {"before": before, "batch": batch})


async def expire_outbox(owner_url: str, before: datetime, batch: int = BATCH) -> int:
    """Events published before that moment are gone, but for those that rebuild a rating; returns how many."""
    values = {"before": before, "batch": batch}
    return sum(
        [await _expire(owner_url, _EXPIRE_EVENTS, {**values, "queue": each}) for each in QUEUES.values()]
    )


async def _expire(owner_url: str, statement: TextClause, values: Mapping[str, object]) -> int:
    expired, after = 0, 0
    async with administering(owner_url) as engine:
        while True:
            async with engine.begin() as connection:
                await connection.execute(_ON_PURPOSE)
                gone = (await connection.execute(statement, {**values, "after": after})).one()
            expired += int(gone.rows)
            if gone.rows == 0:
                return expired
            after = gone.reached
