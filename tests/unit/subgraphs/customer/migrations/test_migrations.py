"""Migrations: forward, back and forward again, and what they leave."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import asyncpg
import pytest

from devstack.servers.postgres import SUPERUSER
from subgraphs.customer.store.migrate import current, downgrade, head, upgrade
from subgraphs.customer.store.provision import OWNER, provision
from tests.kit.postgres import Cluster, CustomerDatabase

_CATALOGUE = """
    SELECT 'column' AS kind, table_schema || '.' || table_name || '.' || column_name AS name,
           data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') AS definition
      FROM information_schema.columns WHERE table_schema LIKE 'customer_%'
    UNION ALL
    SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint
     WHERE connamespace = 'customer_graph'::regnamespace
    UNION ALL
    SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname LIKE 'customer_%'
    UNION ALL
    SELECT 'function', oid::regprocedure::text, md5(prosrc) || coalesce(proacl::text, '') FROM pg_proc
     WHERE pronamespace::regnamespace::text LIKE 'customer_%' AND prolang <> 13
    UNION ALL
    SELECT 'trigger', tgrelid::regclass || '.' || tgname, pg_get_triggerdef(oid) FROM pg_trigger
     WHERE NOT tgisinternal
    UNION ALL
    SELECT 'grant', table_name || '.' || column_name, grantee || ' ' || privilege_type
      FROM information_schema.column_privileges WHERE table_schema LIKE 'customer_%'
    ORDER BY 1, 2, 3
"""


@pytest.fixture
def empty_database(postgres_cluster: Cluster) -> Iterator[CustomerDatabase]:
    """A database that was provisioned and never migrated."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    postgres_cluster.sql(f"CREATE DATABASE {name} OWNER {OWNER}")
    database = postgres_cluster.database(name)
    yield database
    postgres_cluster.drop(database)


async def test_migrations_lead_back_to_where_they_came_from(empty_database: CustomerDatabase) -> None:
    """Forward, back step by step and forward again gives the very same schema; at base nothing is left."""
    url = empty_database.owner_url
    assert await current(url) == "base"
    assert await upgrade(url) == head()
    first = await empty_database.rows(_CATALOGUE)
    assert len(first) > 200
    for revision in ("0002", "0001", "base"):
        assert await downgrade(url, revision) == revision
    left = (
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'customer_graph'::regnamespace AND relkind = 'r'"
    )
    assert await empty_database.value(left) == 1
    assert await upgrade(url) == head()
    assert await empty_database.rows(_CATALOGUE) == first


async def test_migrating_twice_changes_nothing(empty_database: CustomerDatabase) -> None:
    """Every start of a deployment may migrate."""
    await upgrade(empty_database.owner_url)
    first = await empty_database.rows(_CATALOGUE)
    assert await upgrade(empty_database.owner_url) == head()
    assert await empty_database.rows(_CATALOGUE) == first


async def test_only_the_owner_can_migrate(empty_database: CustomerDatabase) -> None:
    """The service's own role has no right to create a schema."""
    with pytest.raises(Exception, match="permission denied"):
        await upgrade(empty_database.app_url)


async def test_provisioning_again_sets_the_passwords_and_keeps_the_data(
    postgres_cluster: Cluster, customer_database: CustomerDatabase
) -> None:
    """So that a password can be changed by the same command."""
    superuser = postgres_cluster.url(SUPERUSER, "postgres")
    passwords = {role: postgres_cluster.server.password(role) for role in ("customer_owner", "customer_app")}
    with pytest.raises(KeyError):
        await provision(superuser, passwords, customer_database.name)
    passwords["customer_relay"] = postgres_cluster.server.password("customer_relay")
    await provision(superuser, passwords, customer_database.name)
    connection = await asyncpg.connect(customer_database.app_url)
    assert await connection.fetchval("SELECT current_setting('log_parameter_max_length')") == "0"
    await connection.close()
    assert await customer_database.value("SELECT count(*) FROM customer_graph.alembic_version") == 1
