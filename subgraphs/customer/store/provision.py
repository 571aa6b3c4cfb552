"""Creates the three roles and the database; the one thing that needs more rights than the owner has."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from subgraphs.customer.store.engine import administering, parse_url

__all__ = ["APPLICATION", "OWNER", "RELAY", "provision"]

OWNER = "customer_owner"
APPLICATION = "customer_app"
RELAY = "customer_relay"
_ROLES = (OWNER, APPLICATION, RELAY)


async def provision(superuser_url: str, passwords: Mapping[str, str], database: str = "customer") -> None:
    """The roles exist with these passwords (one for each of the three), and OWNER owns `database`.

    May be run again at any time: it creates what is missing and sets the passwords. Raises KeyError when a
    role has none.
    """
    autocommit = {"isolation_level": "AUTOCOMMIT"}
    async with administering(superuser_url, **autocommit) as engine, engine.connect() as connection:
        await _quiet(connection)
        for role in _ROLES:
            await _create_role(connection, role, passwords[role])
        await _create_database(connection, database)
    within = parse_url(superuser_url).set(database=database)
    async with administering(within, **autocommit) as engine, engine.connect() as connection:
        # Nobody but its owner may create anything in the schema public.
        await connection.execute(text("REVOKE ALL ON SCHEMA public FROM PUBLIC"))


async def _quiet(connection: AsyncConnection) -> None:
    """Keep the passwords out of the server's log; only a superuser may ask for it, others go without."""
    if await _is_superuser(connection):
        await connection.execute(text("SET log_statement = 'none'"))
        await connection.execute(text("SET log_min_duration_statement = -1"))


async def _create_role(connection: AsyncConnection, role: str, password: str) -> None:
    exists = await connection.scalar(text("SELECT true FROM pg_roles WHERE rolname = :role"), {"role": role})
    verb = "ALTER" if exists else "CREATE"
    await _run_formatted(
        connection,
        f"{verb} ROLE %I LOGIN NOCREATEDB NOCREATEROLE INHERIT PASSWORD %L",
        role,
        password,
    )
    if await _is_superuser(connection):
        # Keys and personal data travel as bound parameters: no log setting may write them down.
        await _run_formatted(connection, "ALTER ROLE %I SET log_parameter_max_length = 0", role)
        await _run_formatted(connection, "ALTER ROLE %I SET log_parameter_max_length_on_error = 0", role)


async def _create_database(connection: AsyncConnection, database: str) -> None:
    exists = await connection.scalar(
        text("SELECT true FROM pg_database WHERE datname = :name"), {"name": database}
    )
    if not exists:
        if not await _is_superuser(connection):
            # A managed service's administrator must be a member of the role that it gives a database to.
            await _run_formatted(connection, "GRANT %I TO CURRENT_USER", OWNER)
        await _run_formatted(connection, "CREATE DATABASE %I OWNER %I", database, OWNER)
    await _run_formatted(connection, "REVOKE ALL ON DATABASE %I FROM PUBLIC", database)
    for role in (APPLICATION, RELAY):
        await _run_formatted(connection, "GRANT CONNECT ON DATABASE %I TO %I", database, role)


async def _is_superuser(connection: AsyncConnection) -> bool:
    return bool(await connection.scalar(text("SELECT current_setting('is_superuser')::boolean")))


async def _run_formatted(connection: AsyncConnection, template: str, *values: str) -> None:
    """Run a statement that takes no bound parameters, with PostgreSQL itself quoting names and literals."""
    names = [f"v{position}" for position in range(len(values))]
    arguments = "".join(f", CAST(:{name} AS text)" for name in names)
    statement = await connection.scalar(
        text(f"SELECT format(CAST(:template AS text){arguments})"),
        {"template": template, **dict(zip(names, values, strict=True))},
    )
    await connection.exec_driver_sql(str(statement))
