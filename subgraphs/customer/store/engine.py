"""Connections to PostgreSQL: pool, time-outs, and the one translation of the driver's exceptions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import orjson
import prometheus_client
from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool, QueuePool

from kernel.settings import ConfigurationProblem

__all__ = ["Database", "Limits", "OutcomeUnknown", "StoreUnavailable", "administering", "parse_url"]

_APPLICATION = "customer-graph customer"
#: Seconds for an administrative connection to be made.
_ADMINISTRATION_SECONDS = 10.0
#: SQLSTATE classes and codes that say "later": lock and statement time-outs, deadlock, shutdown, no
#: connection.
_TRANSIENT = ("08", "40", "53", "55P03", "57014", "57P")
_IN_USE = prometheus_client.Gauge("customer_pool_connections_in_use", "Connections to PostgreSQL that work.")
_POOL_SIZE = prometheus_client.Gauge("customer_pool_size", "Connections to PostgreSQL, at most.")


class StoreUnavailable(Exception):
    """PostgreSQL could not be reached or did not answer in time; nothing was committed."""


class OutcomeUnknown(Exception):
    """The connection was lost while PostgreSQL was committing: the transaction may or may not be in."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the pool and of each statement; seconds."""

    pool_size: int
    pool_wait: float
    connect: float
    statement: float
    lock: float
    idle_transaction: float


class Database:
    """The service's pool of connections. Each method that yields a connection raises `StoreUnavailable`."""

    def __init__(self, url: str, limits: Limits) -> None:
        self._engine = _engine(url, limits)
        _POOL_SIZE.set(limits.pool_size)
        if isinstance(self._engine.pool, QueuePool):
            _IN_USE.set_function(self._engine.pool.checkedout)
        # One statement is a transaction of its own: BEGIN and COMMIT around it would be round trips.
        self._autocommit = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def engine(self) -> AsyncEngine:
        """The engine, for instrumentation."""
        return self._engine

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection for statements that only read."""
        with _translated():
            async with self._autocommit.connect() as connection:
                yield connection

    @asynccontextmanager
    async def appending(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose every statement commits by itself, for what is a single INSERT."""
        with _translated():
            async with self._autocommit.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction, committed when the body ends and rolled back when it raises.

        Raises `OutcomeUnknown` when the commit itself got no answer.
        """
        with _translated():
            async with self._engine.connect() as connection:
                yield connection
                try:
                    await connection.commit()
                except (OSError, TimeoutError, DBAPIError) as error:
                    if isinstance(error, DBAPIError) and not error.connection_invalidated:
                        raise
                    raise OutcomeUnknown from error

    @asynccontextmanager
    async def probing(self) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction that is rolled back in any case."""
        with _translated():
            async with self._engine.connect() as connection:
                yield connection
                await connection.rollback()

    async def reachable(self) -> bool:
        """Whether a statement can be run now."""
        try:
            async with self.reading() as connection:
                await connection.execute(text("SELECT 1"))
        except StoreUnavailable:
            return False
        return True

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()


def parse_url(url: str) -> URL:
    """A `postgresql://` URL with asyncpg as its driver; raises ConfigurationProblem, which hides the URL."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationProblem(
            "a database URL is not of the form postgresql://role:password@host/name"
        ) from None
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise ConfigurationProblem("a database URL of the customer subgraph must begin with postgresql://")
    return parsed.set(drivername="postgresql+asyncpg")


@asynccontextmanager
async def administering(url: str | URL, **options: object) -> AsyncIterator[AsyncEngine]:
    """An engine for work at a terminal: no pool, no statement time-out.

    What PostgreSQL refuses, and that it is not there, becomes a ConfigurationProblem of one line.
    """
    parsed, role = _role_of(parse_url(url) if isinstance(url, str) else url)
    connect = {
        "timeout": _ADMINISTRATION_SECONDS,
        "server_settings": {"application_name": _APPLICATION, **role},
    }
    engine = create_async_engine(
        parsed, poolclass=NullPool, connect_args=connect, hide_parameters=True, **options
    )
    try:
        yield engine
    except OSError as error:
        raise ConfigurationProblem(f"PostgreSQL cannot be reached: {error.strerror or error}") from error
    except DBAPIError as error:
        cause = str(error.orig).splitlines()[0] if error.orig is not None else "no reason given"
        raise ConfigurationProblem(f"PostgreSQL refused: {cause.rsplit('>: ', 1)[-1]}") from error
    finally:
        await engine.dispose()


def _role_of(url: URL) -> tuple[URL, dict[str, str]]:
    """The URL without its parameter `role`, and the setting that makes the session work as that role."""
    role = url.query.get("role")
    return url.difference_update_query(["role"]), {"role": role} if isinstance(role, str) else {}


def _engine(url: str, limits: Limits) -> AsyncEngine:
    parsed, role = _role_of(parse_url(url))
    return create_async_engine(
        parsed,
        pool_size=limits.pool_size,
        max_overflow=0,
        pool_timeout=limits.pool_wait,
        # Costs a round trip, and after a restart of PostgreSQL no request meets a dead connection.
        pool_pre_ping=True,
        # Bound values are personal data and keys: they must not appear in the text of an exception.
        hide_parameters=True,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        connect_args={
            "timeout": limits.connect,
            # A little more than the server's own limit: that one leaves the connection usable.
            "command_timeout": limits.statement + 1,
            "server_settings": {
                "application_name": _APPLICATION,
                "statement_timeout": _milliseconds(limits.statement),
                "lock_timeout": _milliseconds(limits.lock),
                "idle_in_transaction_session_timeout": _milliseconds(limits.idle_transaction),
                "timezone": "UTC",
                **role,
            },
        },
    )


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))


@contextmanager
def _translated() -> Iterator[None]:
    """Turn "PostgreSQL is not there" into `StoreUnavailable`; a cause of ours passes unchanged."""
    try:
        yield
    except (OSError, TimeoutError, PoolTimeoutError, OperationalError, InterfaceError) as error:
        raise StoreUnavailable from error
    except DBAPIError as error:
        code = str(getattr(error.orig, "sqlstate", None) or "")
        if error.connection_invalidated or code.startswith(_TRANSIENT):
            raise StoreUnavailable from error
        raise
