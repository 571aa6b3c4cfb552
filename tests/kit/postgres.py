"""A real PostgreSQL for tests: one cluster a session, one migrated database a test.

The server is the embedded one, or the one that TEST_POSTGRES_URL names.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import asyncpg
import pytest

from devstack.servers.postgres import SUPERUSER, Postgres
from subgraphs.customer.store.migrate import upgrade
from subgraphs.customer.store.provision import APPLICATION, OWNER, RELAY, provision
from tests.kit.real import POSTGRES_URL

__all__ = [
    "Cluster",
    "CustomerDatabase",
    "RunningServer",
    "Server",
    "customer_database",
    "free_port",
    "postgres_cluster",
    "untouched_database",
]

_TEMPLATE = "customer_template"
_UNTOUCHED = "untouched"


@dataclass(frozen=True, slots=True)
class CustomerDatabase:
    """A migrated, empty customer database and how each role reaches it."""

    name: str
    superuser_url: str
    owner_url: str
    app_url: str
    relay_url: str

    async def rows(self, query: str, *values: object) -> Sequence[Mapping[str, Any]]:
        """What a superuser sees: the rows of a query."""
        connection = await asyncpg.connect(self.superuser_url)
        try:
            return [dict(row) for row in await connection.fetch(query, *values)]
        finally:
            await connection.close()

    async def value(self, query: str, *values: object) -> Any:
        """The first column of the first row of a query."""
        return next(iter((await self.rows(query, *values))[0].values()))


class Server(Protocol):
    """What a cluster needs to know of its server."""

    @property
    def port(self) -> int:
        """The TCP port on the loopback interface."""
        ...

    def password(self, role: str) -> str:
        """The password that the role has, or is to get."""
        ...

    def url(self, role: str, database: str) -> str:
        """Where the role finds the database."""
        ...


class RunningServer:
    """A server that runs already, reached as its superuser; satisfies `Server`."""

    def __init__(self, superuser_url: str) -> None:
        self._superuser = urlsplit(superuser_url)

    @property
    def port(self) -> int:
        """See `Server.port`."""
        return self._superuser.port or 5432

    def password(self, role: str) -> str:
        """See `Server.password`."""
        return self._superuser.password or "" if role == SUPERUSER else f"password-of-{role}"

    def url(self, role: str, database: str) -> str:
        """See `Server.url`."""
        name = self._superuser.username or SUPERUSER if role == SUPERUSER else role
        host = self._superuser.hostname
        return f"postgresql://{quote(name)}:{quote(self.password(role))}@{host}:{self.port}/{quote(database)}"


class Cluster:
    """The session's server."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def url(self, role: str, database: str) -> str:
        """Where `role` finds `database`."""
        return self.server.url(role, database)

    def sql(self, statement: str) -> None:
        """Run one statement as the superuser, outside of a transaction."""
        asyncio.run(_execute(self.url(SUPERUSER, "postgres"), statement))

    def clone(self, name: str) -> CustomerDatabase:
        """A new migrated, empty database."""
        self.sql(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} OWNER {OWNER} STRATEGY file_copy")
        # A clone does not inherit what provisioning granted and revoked on the database itself.
        self.sql(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        self.sql(f"GRANT CONNECT ON DATABASE {name} TO {APPLICATION}, {RELAY}")
        return self.database(name)

    def drop(self, database: CustomerDatabase) -> None:
        """Delete the database, whoever is connected to it."""
        self.sql(f"DROP DATABASE {database.name} WITH (FORCE)")

    def database(self, name: str) -> CustomerDatabase:
        """How each role reaches the database `name`."""
        return CustomerDatabase(
            name, *(self.url(role, name) for role in (SUPERUSER, OWNER, APPLICATION, RELAY))
        )


def free_port() -> int:
    """A TCP port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """A server, and in it a migrated database to clone."""
    with _embedded_server() if POSTGRES_URL is None else _running_server(POSTGRES_URL) as server:
        passwords = {role: server.password(role) for role in (OWNER, APPLICATION, RELAY)}
        asyncio.run(provision(server.url(SUPERUSER, "postgres"), passwords, _TEMPLATE))
        asyncio.run(upgrade(server.url(OWNER, _TEMPLATE)))
        yield Cluster(server)


@contextmanager
def _embedded_server() -> Iterator[Server]:
    """A server on a free port, without durability."""
    folder = Path(tempfile.mkdtemp(prefix="customer-graph-postgres-"))
    # Under root the server runs as another user, who must be able to reach its data.
    folder.chmod(0o755)
    server = Postgres(
        folder / "data", free_port(), folder / "log", {"fsync": "off", "max_connections": "200"}
    )
    try:
        server.initialise()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running_server(superuser_url: str) -> Iterator[Server]:
    """A server that runs already, without what an earlier run may have left on it."""
    server = RunningServer(superuser_url)
    cluster = Cluster(server)
    for name in (_TEMPLATE, _UNTOUCHED):
        cluster.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    yield server


@pytest.fixture
def customer_database(postgres_cluster: Cluster) -> Iterator[CustomerDatabase]:
    """A migrated, empty customer database of this test's own."""
    database = postgres_cluster.clone(f"test_{uuid.uuid4().hex[:12]}")
    yield database
    postgres_cluster.drop(database)


@pytest.fixture(scope="session")
def untouched_database(postgres_cluster: Cluster) -> CustomerDatabase:
    """A migrated, empty database that all tests share which write nothing to it."""
    return postgres_cluster.clone(_UNTOUCHED)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
