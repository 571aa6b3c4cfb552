"""What a claim reads of the outbox, whatever the server believes about the table."""

from __future__ import annotations

import uuid

import pytest

from subgraphs.customer.store.outbox_reader import OutboxReader
from tests.kit.outbox import RATING_QUEUE, Row, append
from tests.kit.postgres import CustomerDatabase
from tests.unit.subgraphs.customer.relay_world import reader, until

__all__ = ["reader"]

CUSTOMERS = 100
EVENTS_OF_EACH = 100
#: The oldest of each customer, and one more.
LIMIT = 200
_SEEN = {
    "never": "SELECT",
    "empty": """UPDATE customer_graph.outbox SET published_at = now(); ANALYZE customer_graph.outbox;
                UPDATE customer_graph.outbox SET published_at = NULL""",
    "full": "ANALYZE customer_graph.outbox",
}
_READ = """SELECT seq_tup_read + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relid = t.relid)
             FROM pg_stat_user_tables t WHERE relname = 'outbox'"""
_OTHERS = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""


@pytest.mark.parametrize("statistics", sorted(_SEEN))
async def test_a_claim_reads_what_it_claims_and_not_the_backlog(
    customer_database: CustomerDatabase, reader: OutboxReader, statistics: str
) -> None:
    """Also where the server last looked at the table when nothing waited."""
    people = [uuid.uuid4() for _ in range(CUSTOMERS)]
    rows = [Row(customer, sequence) for sequence in range(1, EVENTS_OF_EACH + 1) for customer in people]
    await append(customer_database, rows)
    for statement in _SEEN[statistics].split(";"):
        await customer_database.rows(statement)
    before = await _read(customer_database)
    async with reader.claim(RATING_QUEUE, LIMIT, EVENTS_OF_EACH) as claim:
        assert sum(map(len, claim.lanes)) == LIMIT
    await reader.close()
    assert 0 < await _read(customer_database) - before < 20 * LIMIT


async def _read(database: CustomerDatabase) -> int:
    """Rows and index entries of the outbox that were read so far; sessions write that down when they end."""

    async def alone() -> bool:
        return not await database.value(_OTHERS)

    await until(alone)
    return int(await database.value(_READ))
