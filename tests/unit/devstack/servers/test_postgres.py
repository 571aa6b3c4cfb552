"""devstack.servers.postgres: a private PostgreSQL, with root's rights or without."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from devstack.servers import unprivileged
from devstack.servers.postgres import SUPERUSER, Postgres
from devstack.servers.unprivileged import Identity, unprivileged_identity
from kernel.settings import ConfigurationProblem
from tests.kit.postgres import free_port


async def ask(url: str, query: str) -> object:
    """The value of a query."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other users may enter."""
    with tempfile.TemporaryDirectory(prefix="customer-graph-postgres-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def server(folder: Path) -> Iterator[Postgres]:
    """A cluster that is made and not yet started."""
    postgres = Postgres(folder / "data", free_port(), folder / "log", {"fsync": "off"})
    postgres.initialise()
    try:
        yield postgres
    finally:
        postgres.stop()


def test_data_survives_a_restart(server: Postgres, folder: Path) -> None:
    """Also a second initialise, and another object for the same folder: the passwords stay."""
    server.start()
    asyncio.run(ask(server.url(SUPERUSER, "postgres"), "CREATE TABLE kept AS SELECT 42 AS answer"))
    server.stop()
    again = Postgres(folder / "data", free_port(), folder / "log")
    again.initialise()
    again.start()
    try:
        assert asyncio.run(ask(again.url(SUPERUSER, "postgres"), "SELECT answer FROM kept")) == 42
    finally:
        again.stop()


def test_the_server_never_runs_as_root_and_listens_on_loopback_alone(server: Postgres) -> None:
    """With pgcrypto, in UTC, and with a password for everybody."""
    server.start()
    assert server.process is not None
    status = psutil.Process(server.process.pid)
    listening = [one.laddr.ip for one in status.net_connections() if one.status == psutil.CONN_LISTEN]
    assert listening == ["127.0.0.1"]
    url = server.url(SUPERUSER, "postgres")
    assert asyncio.run(ask(url, "SELECT current_setting('timezone')")) == "UTC"
    asyncio.run(ask(url, "CREATE EXTENSION pgcrypto"))
    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(ask(url.replace(server.password(SUPERUSER), "guess"), "SELECT 1"))


def test_a_server_left_over_by_a_killed_parent_is_replaced(server: Postgres, folder: Path) -> None:
    """The new one takes over the data folder."""
    server.start()
    assert server.process is not None
    orphan = server.process
    heir = Postgres(folder / "data", free_port(), folder / "log")
    heir.start()
    try:
        assert asyncio.run(ask(heir.url(SUPERUSER, "postgres"), "SELECT 1")) == 1
        assert orphan.wait(10) == 0
    finally:
        heir.stop()


def test_a_killed_server_recovers(server: Postgres) -> None:
    """kill -9, then start again on the same folder."""
    server.start()
    asyncio.run(ask(server.url(SUPERUSER, "postgres"), "CREATE TABLE kept AS SELECT 42 AS answer"))
    assert server.process is not None
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    server.start()
    assert asyncio.run(ask(server.url(SUPERUSER, "postgres"), "SELECT answer FROM kept")) == 42


def test_a_taken_port_is_told(folder: Path) -> None:
    """In one message that names the port and the log."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        postgres = Postgres(folder / "data", port, folder / "log")
        postgres.initialise()
        with pytest.raises(ConfigurationProblem, match=f"did not start on port {port}"):
            postgres.start()


def test_the_secret_is_for_its_owner_alone(server: Postgres, folder: Path) -> None:
    """No other user of the machine can read it, and each role has a password of its own."""
    assert server.password("one") != server.password("two")
    assert (folder / "data.secret").stat().st_mode & 0o077 == 0


def test_an_identity_other_than_root_is_found(folder: Path) -> None:
    """Without root the caller itself; with root `nobody`, when it can reach the folder."""
    identity = unprivileged_identity(folder / "data")
    if os.geteuid() == 0:
        assert identity.user not in (None, 0)
    else:
        assert identity == Identity()


def test_root_with_a_closed_folder_is_helped_or_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user namespace makes root's own folders usable; where there is none, the message says what to do."""
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(unprivileged, "_reachable", lambda *_: False)
    monkeypatch.setattr(unprivileged, "_namespaces_permitted", lambda: True)
    assert "--user" in unprivileged_identity(closed / "data").prefix
    monkeypatch.setattr(unprivileged, "_namespaces_permitted", lambda: False)
    with pytest.raises(ConfigurationProblem, match="chmod o\\+x"):
        unprivileged_identity(closed / "data")
