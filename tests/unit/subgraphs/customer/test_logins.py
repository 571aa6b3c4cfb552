"""Logins that come beside the URL: whoever logs in works as the role, and is bound as the role is."""

from __future__ import annotations

import asyncpg
import pytest
from sqlalchemy import text

from kernel.settings import load
from subgraphs.customer.logins import with_login
from subgraphs.customer.publishing.settings import RelaySettings
from subgraphs.customer.settings import CustomerSettings, MigrationSettings
from subgraphs.customer.store.engine import Database, Limits
from tests.kit.postgres import CustomerDatabase

_LIMITS = Limits(pool_size=1, pool_wait=5, connect=5, statement=5, lock=5, idle_transaction=5)
_KEYS = {"CUSTOMER_ENCRYPTION_KEY": "e" * 32, "CUSTOMER_BLIND_INDEX_KEY": "b" * 32}


@pytest.mark.parametrize(
    ("url", "user", "password", "expected"),
    [
        ("postgresql://app@h:5432/c", "", "s3cret", "postgresql://app:s3cret@h:5432/c"),
        ("postgresql://app:old@h/c", "", "new", "postgresql://app:new@h/c"),
        ("postgresql://app@h/c", "app", "p", "postgresql://app:p@h/c"),
        ("postgresql://app@h/c", "app_clone", "p", "postgresql://app_clone:p@h/c?role=app"),
        ("postgresql://app@h/c?a=b", "app_clone", "", "postgresql://app_clone@h/c?a=b&role=app"),
        ("postgresql://h/c", "app", "p@:/?", "postgresql://app:p%40%3A%2F%3F@h/c"),
        ("postgresql://app:p@h/c", "", "", "postgresql://app:p@h/c"),
    ],
)
def test_what_comes_beside_the_url_goes_into_it(url: str, user: str, password: str, expected: str) -> None:
    """Characters that mean something in a URL are escaped; another user than the URL's works as the URL's."""
    assert with_login(url, user, password) == expected


def test_every_process_takes_its_login_apart_from_the_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """Service, relay and migrations read user and password from variables of their own."""
    for prefix in ("CUSTOMER", "CUSTOMER_RELAY", "CUSTOMER_OWNER"):
        monkeypatch.setenv(f"{prefix}_DATABASE_URL", "postgresql://role@db.example/customer")
        monkeypatch.setenv(f"{prefix}_DATABASE_USER", "role_clone")
        monkeypatch.setenv(f"{prefix}_DATABASE_PASSWORD", "s3cret")
    for name, value in _KEYS.items():
        monkeypatch.setenv(name, value)

    urls = [
        load(CustomerSettings).customer_database_url,
        load(RelaySettings).customer_relay_database_url,
        load(MigrationSettings).customer_owner_database_url,
    ]

    expected = "postgresql://role_clone:s3cret@db.example/customer?role=role"
    assert [url.get_secret_value() for url in urls] == [expected] * 3


async def test_whoever_logs_in_works_as_the_role_and_is_bound_like_it(
    untouched_database: CustomerDatabase,
) -> None:
    """The second user of a rotation may not do more than the first: its session's user is the role."""
    owner = await asyncpg.connect(untouched_database.superuser_url)
    try:
        await owner.execute("DROP ROLE IF EXISTS customer_app_clone")
        await owner.execute("CREATE ROLE customer_app_clone LOGIN PASSWORD 'second'")
        await owner.execute("GRANT customer_app TO customer_app_clone")
        database = Database(with_login(untouched_database.app_url, "customer_app_clone", "second"), _LIMITS)
        try:
            async with database.reading() as connection:
                row = (await connection.execute(text("SELECT session_user, current_user"))).one()
        finally:
            await database.close()
        assert tuple(row) == ("customer_app_clone", "customer_app")
    finally:
        await owner.execute("DROP ROLE IF EXISTS customer_app_clone")
        await owner.close()
