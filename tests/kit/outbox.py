"""Rows of the outbox without the customer subgraph, for tests of the relay alone."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg

from kernel.events import CUSTOMER_PROFILE, new_id
from tests.kit.postgres import CustomerDatabase

__all__ = ["ACTIVITY_QUEUE", "RATING_QUEUE", "Row", "append", "unpublished"]

RATING_QUEUE = "customer-rating.fifo"
ACTIVITY_QUEUE = "customer-activity.fifo"


@dataclass(frozen=True, slots=True)
class Row:
    """An event to append."""

    customer: uuid.UUID
    sequence: int
    queue: str = RATING_QUEUE
    type: str = CUSTOMER_PROFILE
    payload: Mapping[str, object] = field(default_factory=lambda: {"city": "Recife"})
    id: str = field(default_factory=new_id)


async def append(database: CustomerDatabase, rows: Sequence[Row]) -> list[str]:
    """Append the rows in one transaction; answers their event ids."""
    connection = await asyncpg.connect(database.superuser_url)
    try:
        async with connection.transaction():
            # An erased customer needs nothing but its id, which is all that the outbox refers to.
            await connection.executemany(
                """INSERT INTO customer_graph.customer (id, erased_at) VALUES ($1, now())
                   ON CONFLICT DO NOTHING""",
                [(row.customer,) for row in rows],
            )
            await connection.executemany(
                """INSERT INTO customer_graph.outbox
                       (id, aggregatetype, aggregateid, type, payload, sequence, queue)
                   VALUES ($1, 'customer', $2, $3, $4, $5, $6)""",
                [
                    (row.id, row.customer, row.type, json.dumps(row.payload), row.sequence, row.queue)
                    for row in rows
                ],
            )
    finally:
        await connection.close()
    return [row.id for row in rows]


async def unpublished(database: CustomerDatabase) -> int:
    """How many events wait."""
    count: int = await database.value("SELECT count(*) FROM customer_graph.outbox WHERE published_at IS NULL")
    return count
