"""The database's own rules: they hold whoever writes."""

from __future__ import annotations

import asyncpg
import pytest

from tests.unit.subgraphs.customer.world import World

_DEBT = "INSERT INTO customer_graph.debt VALUES (gen_random_uuid(), $1, {})"
_ADDRESS = "INSERT INTO customer_graph.address VALUES (gen_random_uuid(), $1, 0, '\\x00', {})"

BROKEN = [
    ("an amount of zero", _DEBT.format("'Banco', 0, '2026-01-01', '2026-02-01'"), "CheckViolationError"),
    (
        "an amount too large",
        _DEBT.format("'Banco', 1e12, '2026-01-01', '2026-02-01'"),
        "NumericValueOutOfRangeError",
    ),
    ("due before contracted", _DEBT.format("'Banco', 1, '2026-02-01', '2026-01-01'"), "CheckViolationError"),
    (
        "settled before contracted",
        _DEBT.format("'Banco', 1, '2026-02-01', '2026-03-01', '2026-01-31'"),
        "CheckViolationError",
    ),
    ("no creditor", _DEBT.format("'', 1, '2026-02-01', '2026-03-01'"), "CheckViolationError"),
    (
        "a foreign state",
        _ADDRESS.format("'1', NULL, 'Centro', 'Nova York', 'NY', '10001-000'"),
        "CheckViolationError",
    ),
    (
        "a foreign postal code",
        _ADDRESS.format("'1', NULL, 'Centro', 'Recife', 'PE', '10001'"),
        "CheckViolationError",
    ),
    (
        "an unknown kind of asset",
        "INSERT INTO customer_graph.asset VALUES (gen_random_uuid(), $1, 'BOAT', 'Barco', 1)",
        "CheckViolationError",
    ),
    (
        "an income that ends before it starts",
        "INSERT INTO customer_graph.income VALUES "
        "(gen_random_uuid(), $1, 'RENT', 'Casa', 1, '2026-02-01', '2026-01-01')",
        "CheckViolationError",
    ),
    (
        "a customer who is neither whole nor erased",
        "UPDATE customer_graph.customer SET version = version + 1, name = NULL WHERE id = $1",
        "CheckViolationError",
    ),
    (
        "an erased customer with a name",
        "UPDATE customer_graph.customer SET version = version + 1, erased_at = now() WHERE id = $1",
        "CheckViolationError",
    ),
    (
        "an event of a second profile of one version",
        "INSERT INTO customer_graph.outbox (id, aggregatetype, aggregateid, type, payload, sequence, queue) "
        "VALUES (gen_random_uuid(), 'customer', $1, 'customer.profile.v1', '{}', 1, 'q')",
        "UniqueViolationError",
    ),
    (
        "an event larger than a message",
        "INSERT INTO customer_graph.outbox (id, aggregatetype, aggregateid, type, payload, sequence, queue) "
        "VALUES (gen_random_uuid(), 'customer', $1, 'x', to_jsonb(repeat('x', 250001)), 1, 'q')",
        "CheckViolationError",
    ),
    (
        "a customer who goes while debts stay",
        "DELETE FROM customer_graph.customer WHERE id = $1",
        "ForeignKeyViolationError",
    ),
]


@pytest.mark.parametrize(("statement", "error"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
async def test_what_must_not_be_is_refused_by_the_database(world: World, statement: str, error: str) -> None:
    """Checks, keys and references do not rely on the service."""
    customer_id = await world.register()
    owner = await asyncpg.connect(world.database.owner_url)
    try:
        with pytest.raises(asyncpg.PostgresError) as refusal:
            await owner.execute(statement, customer_id)
    finally:
        await owner.close()
    assert type(refusal.value).__name__ == error


async def test_rows_of_nobody_are_refused(world: World) -> None:
    """Every child row belongs to a customer that exists."""
    owner = await asyncpg.connect(world.database.owner_url)
    nobody = "01a20b3e-0871-7227-ba09-269d2ed62f7b"
    try:
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await owner.execute(_DEBT.format("'Banco', 1, '2026-01-01', '2026-02-01'"), nobody)
    finally:
        await owner.close()
