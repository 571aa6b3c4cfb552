"""What is old is deleted by command, and nothing that is still needed."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from kernel.events import CUSTOMER_ACTIVITY, CUSTOMER_ERASED
from kernel.settings import ConfigurationProblem
from subgraphs.customer.store.replay import replay
from subgraphs.customer.store.retention import expire_access_log, expire_outbox
from tests.kit.outbox import ACTIVITY_QUEUE, RATING_QUEUE, Row, append
from tests.kit.postgres import CustomerDatabase

_NOW = datetime.now(UTC)
_MONTH_AGO = _NOW - timedelta(days=30)
_LEFT = "SELECT id::text FROM customer_graph.outbox ORDER BY position"


async def old(database: CustomerDatabase, rows: list[Row], days: int = 400) -> list[str]:
    """Append events that were committed and published so long ago."""
    ids = await append(database, rows)
    moment = _NOW - timedelta(days=days)
    await database.rows(
        "UPDATE customer_graph.outbox SET created_at = $1, published_at = $1 WHERE id = ANY ($2::uuid[])",
        moment,
        ids,
    )
    return ids


async def access(database: CustomerDatabase, days: list[int]) -> None:
    """Rows of the access log, so many days old."""
    await database.rows(
        """INSERT INTO customer_graph.access_log (at, request_id, customer_ids, outcome, status, duration_ms)
           SELECT now() - make_interval(days => age), 'r', '{}', 'OK', 200, 1
             FROM unnest($1::int[]) AS age""",
        days,
    )


async def test_old_events_go_and_what_rebuilds_a_copy_stays(customer_database: CustomerDatabase) -> None:
    """The newest profile of each customer, erasures, what waits and what is young stay, in any order."""
    ana, bia = uuid.uuid4(), uuid.uuid4()
    purchases = [Row(ana, 3, ACTIVITY_QUEUE, CUSTOMER_ACTIVITY) for _ in range(3)]
    profiles = await old(customer_database, [Row(ana, version) for version in (1, 2, 3)])
    await old(customer_database, purchases)
    erasure = Row(bia, 2, type=CUSTOMER_ERASED, payload={})
    _, erased = await old(customer_database, [Row(bia, 1, payload={}), erasure])
    young = await old(customer_database, [Row(ana, 4, ACTIVITY_QUEUE, CUSTOMER_ACTIVITY)], days=10)
    waiting = await append(customer_database, [Row(uuid.uuid4(), 1)])
    assert await expire_outbox(customer_database.owner_url, _MONTH_AGO, batch=2) == 6
    left = [row["id"] for row in await customer_database.rows(_LEFT)]
    assert left == [profiles[-1], erased, *young, *waiting]
    assert await expire_outbox(customer_database.owner_url, _MONTH_AGO) == 0
    # A rating database can still be rebuilt: newest profile and erasure.
    assert await replay(customer_database.relay_url, RATING_QUEUE, _NOW - timedelta(days=999)) == 2


async def test_an_event_that_waits_again_is_kept(customer_database: CustomerDatabase) -> None:
    """A replay that runs at the same time loses nothing."""
    ana = uuid.uuid4()
    await old(customer_database, [Row(ana, 1), Row(ana, 2)])
    await replay(customer_database.relay_url, RATING_QUEUE, _NOW - timedelta(days=999))
    assert await expire_outbox(customer_database.owner_url, _MONTH_AGO) == 0


async def test_old_rows_of_the_access_log_go_in_batches(customer_database: CustomerDatabase) -> None:
    """All that are older, and only those."""
    await access(customer_database, [700, 500, 401, 400, 399, 200, 1])
    assert await expire_access_log(customer_database.owner_url, _NOW - timedelta(days=399.5), batch=2) == 4
    assert await customer_database.value("SELECT count(*) FROM customer_graph.access_log") == 3


async def test_six_months_of_access_are_kept_whoever_asks(customer_database: CustomerDatabase) -> None:
    """The database refuses, and nothing of the batch is gone."""
    await access(customer_database, [200, 100])
    with pytest.raises(ConfigurationProblem, match="last 180 days are kept"):
        await expire_access_log(customer_database.owner_url, _NOW)
    assert await customer_database.value("SELECT count(*) FROM customer_graph.access_log") == 2


@pytest.mark.parametrize("url", ["app_url", "relay_url"])
async def test_only_the_owner_expires(untouched_database: CustomerDatabase, url: str) -> None:
    """The roles of service and relay have no right to delete, on purpose or not."""
    for run in (expire_access_log, expire_outbox):
        with pytest.raises(ConfigurationProblem, match="permission denied"):
            await run(getattr(untouched_database, url), _MONTH_AGO)


@pytest.mark.parametrize("statement", ["UPDATE {} SET status = 1", "TRUNCATE {}", "DELETE FROM {}"])
async def test_the_purpose_opens_nothing_but_old_rows(
    customer_database: CustomerDatabase, statement: str
) -> None:
    """Even the owner who has said so cannot change the log, nor empty it."""
    await access(customer_database, [1])
    connection = await asyncpg.connect(customer_database.owner_url)
    try:
        await connection.execute("SET customer_graph.retention = 'on'")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement.format("customer_graph.access_log"))
    finally:
        await connection.close()
