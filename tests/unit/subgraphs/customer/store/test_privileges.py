"""What the service's own role can do: nothing that loses data or shows ciphertext, whatever SQL it sends."""

# ruff: noqa: S608 - the statements are put together from constants

from __future__ import annotations

import asyncpg
import pytest

from tests.kit.postgres import CustomerDatabase
from tests.unit.subgraphs.customer.world import World

_TABLES = (
    "customer",
    "address",
    "debt",
    "asset",
    "income",
    "idempotency",
    "erasure",
    "outbox",
    "relay_queue",
    "access_log",
)
#: Names of the refusals: no right, not that kind of thing, not a view that can be written through.
_REFUSALS = (
    "InsufficientPrivilegeError",
    "WrongObjectTypeError",
    "ObjectNotInPrerequisiteStateError",
)
_VIEWS = (*_TABLES, "outbox_pending")


async def outcome(url: str, statement: str) -> str:
    """The SQLSTATE's name of what PostgreSQL says to a statement; "done" when it does it."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    except asyncpg.PostgresError as error:
        return type(error).__name__
    finally:
        await connection.close()
    return "done"


@pytest.mark.parametrize("view", _VIEWS)
async def test_the_service_cannot_delete_truncate_or_drop(
    untouched_database: CustomerDatabase, view: str
) -> None:
    """Neither through its views nor in the tables themselves, which it cannot even name."""
    relations = [
        f"customer_service.{view}",
        *(f"customer_graph.{table}" for table in _TABLES if table == view),
    ]
    for relation in relations:
        for statement in (f"DELETE FROM {relation}", f"DROP VIEW {relation}", f"DROP TABLE {relation}"):
            assert await outcome(untouched_database.app_url, statement) in _REFUSALS, statement
        truncate = f"TRUNCATE {relation} CASCADE"
        assert await outcome(untouched_database.app_url, truncate) in _REFUSALS, truncate


@pytest.mark.parametrize(
    "column",
    [
        "customer.cpf_ciphertext",
        "customer.cpf_index",
        "customer.email_ciphertext",
        "customer.phone_ciphertext",
        "address.street_ciphertext",
        "outbox.payload",
        "access_log.subject",
    ],
)
async def test_the_service_cannot_read_ciphertext_payloads_or_the_access_log(
    untouched_database: CustomerDatabase, column: str
) -> None:
    """It writes them and has no privilege to see them; decryption goes through functions with a key."""
    table, name = column.split(".")
    read = f"SELECT {name} FROM customer_service.{table}"
    assert await outcome(untouched_database.app_url, read) == "InsufficientPrivilegeError"
    returned = f"UPDATE customer_service.{table} SET {name} = NULL RETURNING {name}"
    assert await outcome(untouched_database.app_url, returned) == "InsufficientPrivilegeError"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 FROM customer_graph.customer",
        "UPDATE customer_service.customer SET birth_date = NULL",
        "UPDATE customer_service.customer SET id = gen_random_uuid()",
        "UPDATE customer_service.customer SET erased_at = now()",
        "UPDATE customer_service.customer SET cpf_index = NULL",
        "UPDATE customer_service.debt SET amount = 1",
        "UPDATE customer_service.idempotency SET version = 1",
        "UPDATE customer_service.outbox SET payload = '{}'",
        "UPDATE customer_service.access_log SET subject = NULL",
        "INSERT INTO customer_service.outbox_pending VALUES ('x', 1, now())",
        "INSERT INTO customer_service.erasure VALUES (gen_random_uuid())",
        "CREATE TABLE customer_service.mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE TEMPORARY TABLE mine (id int)",
        "ALTER VIEW customer_service.customer RESET (security_barrier)",
        "CREATE OR REPLACE FUNCTION customer_service.is_cpf(text) RETURNS bool LANGUAGE sql AS 'SELECT true'",
        "GRANT SELECT ON customer_service.customer TO PUBLIC",
        "SET ROLE customer_owner",
        "COPY customer_service.customer TO PROGRAM 'cat'",
        "SELECT customer_graph.pgp_sym_decrypt(NULL, '')",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
async def test_the_service_can_do_no_more_than_it_needs(
    untouched_database: CustomerDatabase, statement: str
) -> None:
    """No other columns, no tables of its own, no rights to give away, no way into other roles or files."""
    assert await outcome(untouched_database.app_url, statement) in _REFUSALS


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE customer_service.customer SET version = version + 1, name = 'X'",
        "UPDATE customer_service.debt SET settled_on = '2026-11-24'",
        "UPDATE customer_service.income SET ended_on = '2026-11-24'",
        "UPDATE customer_service.address SET retired_at = now()",
    ],
)
async def test_an_update_without_where_changes_nothing(world: World, statement: str) -> None:
    """It would reach a second customer, and is refused as a whole."""
    for _ in range(2):
        await world.register()
    assert await outcome(world.database.app_url, statement) == "TriggeredActionError"


async def test_a_version_grows_by_one_and_never_falls(world: World) -> None:
    """Whoever writes to the table."""
    await world.register()
    for change in ("version = version", "version = version + 2", "version = 1"):
        statement = f"UPDATE customer_graph.customer SET {change}, name = 'X'"
        assert await outcome(world.database.owner_url, statement) == "CheckViolationError"


@pytest.mark.parametrize("url", ["app_url", "relay_url", "owner_url", "superuser_url"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE customer_graph.access_log SET subject = 'nobody'",
        "DELETE FROM customer_graph.access_log",
        "TRUNCATE customer_graph.access_log",
    ],
)
async def test_the_access_log_only_grows(
    untouched_database: CustomerDatabase, url: str, statement: str
) -> None:
    """Nobody changes or deletes what is in it, not even by mistake of its owner."""
    assert await outcome(getattr(untouched_database, url), statement) == "InsufficientPrivilegeError"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 FROM customer_graph.customer",
        "SELECT 1 FROM customer_graph.access_log",
        "SELECT 1 FROM customer_service.customer",
        "UPDATE customer_graph.outbox SET payload = '{}'",
        "DELETE FROM customer_graph.outbox",
        "INSERT INTO customer_graph.outbox (id) VALUES (gen_random_uuid())",
        "SELECT customer_service.erase_customer(gen_random_uuid(), '', '', gen_random_uuid())",
    ],
)
async def test_the_relay_sees_the_outbox_and_nothing_else(
    untouched_database: CustomerDatabase, statement: str
) -> None:
    """It marks events as published; it cannot make, change or delete one, nor see a customer."""
    assert await outcome(untouched_database.relay_url, statement) == "InsufficientPrivilegeError"


async def test_every_view_is_a_security_barrier(untouched_database: CustomerDatabase) -> None:
    """No function of a caller's runs on a row before the view has decided."""
    views = await untouched_database.rows(
        "SELECT relname, coalesce('security_barrier=true' = ANY (reloptions), false) AS barrier "
        "FROM pg_class WHERE relnamespace = 'customer_service'::regnamespace AND relkind = 'v'"
    )
    assert {view["relname"] for view in views} == set(_VIEWS)
    assert all(view["barrier"] for view in views)


async def test_the_service_owns_nothing(untouched_database: CustomerDatabase) -> None:
    """Neither it nor the relay: whoever owns a thing can drop it."""
    owned = "SELECT count(*) FROM pg_class JOIN pg_roles r ON r.oid = relowner WHERE rolname = ANY ($1)"
    assert await untouched_database.value(owned, ["customer_app", "customer_relay"]) == 0


async def test_functions_that_run_as_the_owner_cannot_be_led_astray(
    untouched_database: CustomerDatabase,
) -> None:
    """Each has a fixed search path that ends in pg_temp, and the public may not call it."""
    functions = await untouched_database.rows(
        "SELECT proname, proconfig::text AS settings, proacl::text AS acl FROM pg_proc "
        "WHERE pronamespace = 'customer_service'::regnamespace AND prosecdef"
    )
    assert {one["proname"] for one in functions} >= {
        "seal",
        "seal_cpf",
        "contacts",
        "addresses",
        "erase_customer",
    }
    for one in functions:
        assert "search_path=pg_catalog, customer_graph, pg_temp" in one["settings"], one["proname"]
        assert "{=" not in one["acl"], one["proname"]
        assert ",=" not in one["acl"], one["proname"]
