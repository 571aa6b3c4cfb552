"""The pool of connections, as operators see it."""

from __future__ import annotations

from prometheus_client import REGISTRY

from subgraphs.customer.store.engine import Database, Limits
from tests.kit.postgres import CustomerDatabase

_LIMITS = Limits(pool_size=3, pool_wait=5, connect=5, statement=5, lock=5, idle_transaction=5)


async def test_operators_see_how_much_of_the_pool_is_in_use(untouched_database: CustomerDatabase) -> None:
    """A connection counts while it works, and the limit is there to compare with."""
    database = Database(untouched_database.app_url, _LIMITS)
    try:
        seen = [_shown("customer_pool_connections_in_use")]
        async with database.reading(), database.writing():
            seen.append(_shown("customer_pool_connections_in_use"))
        seen.append(_shown("customer_pool_connections_in_use"))
    finally:
        await database.close()
    assert seen == [0, 2, 0]
    assert _shown("customer_pool_size") == 3


def _shown(name: str) -> float | None:
    return REGISTRY.get_sample_value(name)
