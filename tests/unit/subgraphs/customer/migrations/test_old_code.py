"""A migration runs while the old code serves: what that code uses must still be there, and as it was."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from alembic.script import ScriptDirectory

from subgraphs.customer.store import migrate as migrations
from subgraphs.customer.store.migrate import upgrade
from subgraphs.customer.store.provision import OWNER
from tests.kit.postgres import Cluster, CustomerDatabase

#: All that the roles of service and relay can see and do, one line each.
_SURFACE = """
    SELECT 'column ' || table_schema || '.' || table_name || '.' || column_name || ' ' || udt_name AS line
      FROM information_schema.columns WHERE table_schema LIKE 'customer\\_%'
    UNION ALL
    SELECT 'right ' || grantee || ' ' || privilege_type || ' ' || table_name || '.' || column_name
      FROM information_schema.column_privileges
     WHERE table_schema LIKE 'customer\\_%' AND grantee IN ('customer_app', 'customer_relay')
    UNION ALL
    SELECT 'call ' || grantee::regrole || ' ' || oid::regprocedure || ' ' || prorettype::regtype
      FROM pg_proc, aclexplode(proacl)
     WHERE pronamespace::regnamespace::text LIKE 'customer\\_%'
       AND grantee::regrole::text IN ('customer_app', 'customer_relay')
"""
#: Columns that an INSERT of the old code leaves out, and that would then refuse its row.
_DEMANDED = """
    SELECT table_schema || '.' || table_name || '.' || column_name AS line FROM information_schema.columns
      JOIN information_schema.tables USING (table_schema, table_name)
     WHERE table_schema LIKE 'customer\\_%' AND table_type = 'BASE TABLE' AND is_nullable = 'NO'
       AND column_default IS NULL AND is_identity = 'NO' AND is_generated = 'NEVER'
"""


def revisions() -> list[str]:
    """All revisions, oldest first."""
    scripts = ScriptDirectory.from_config(migrations._config())
    return [script.revision for script in reversed(list(scripts.walk_revisions()))]


@pytest.fixture
def unmigrated(postgres_cluster: Cluster) -> Iterator[CustomerDatabase]:
    """A database that was provisioned and never migrated."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    postgres_cluster.sql(f"CREATE DATABASE {name} OWNER {OWNER}")
    database = postgres_cluster.database(name)
    yield database
    postgres_cluster.drop(database)


async def lines(database: CustomerDatabase, query: str) -> set[str]:
    """The answer's lines."""
    return {row["line"] for row in await database.rows(query)}


async def test_every_revision_keeps_what_the_code_before_it_uses(unmigrated: CustomerDatabase) -> None:
    """Views, columns and their types, functions and rights are added, never taken or changed.

    Neither does a table that existed demand a further column of an INSERT.
    """
    first, *others = revisions()
    await upgrade(unmigrated.owner_url, first)
    surface, demanded = await lines(unmigrated, _SURFACE), await lines(unmigrated, _DEMANDED)
    assert surface
    for revision in others:
        tables = {line.rpartition(".")[0] for line in demanded}
        await upgrade(unmigrated.owner_url, revision)
        now, now_demanded = await lines(unmigrated, _SURFACE), await lines(unmigrated, _DEMANDED)
        assert surface - now == set(), f"revision {revision} takes away what older code uses"
        added = {line for line in now_demanded - demanded if line.rpartition(".")[0] in tables}
        assert added == set(), f"revision {revision} demands what older code does not give"
        surface, demanded = now, now_demanded
