"""The embedded MongoDB-wire server: starts, keeps its data, can be killed, leaves nothing behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from pymongo import MongoClient

from devstack.servers.mongo import Mongo
from devstack.servers.protocol import StartFailed, Supervised
from tests.kit.mongo import started_mongo
from tests.kit.postgres import free_port
from tests.kit.waiting import is_soon


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Mongo]:
    """A started server."""
    started = started_mongo(tmp_path)
    yield started
    started.stop()


def notes(server: Mongo) -> list[Any]:
    """What is in the database."""
    client: MongoClient[dict[str, Any]] = MongoClient(f"{server.url}/rating", serverSelectionTimeoutMS=5_000)
    try:
        return [document["_id"] for document in client.get_default_database()["notes"].find()]
    finally:
        client.close()


def note(server: Mongo, key: str) -> None:
    """Put a document into the database."""
    client: MongoClient[dict[str, Any]] = MongoClient(f"{server.url}/rating", serverSelectionTimeoutMS=5_000)
    client.get_default_database()["notes"].insert_one({"_id": key})
    client.close()


def test_it_can_be_supervised(server: Mongo) -> None:
    """Name, port, URL without a password and process id are what the supervisor asks for."""
    supervised: Supervised = server
    assert supervised.name == "mongodb"
    assert supervised.url == f"mongodb://127.0.0.1:{supervised.port}"
    assert supervised.pid is not None
    assert psutil.pid_exists(supervised.pid)


def test_data_survives_a_kill(server: Mongo) -> None:
    """What was acknowledged before SIGKILL is there after the next start."""
    note(server, "before")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    assert is_soon(lambda: server.pid is None)
    assert not server.ready()
    server.start()
    assert is_soon(server.ready)
    assert notes(server) == ["before"]


def test_a_stale_pid_file_does_not_keep_it_from_starting(server: Mongo, tmp_path: Path) -> None:
    """After a crash the file may name a process that is alive and has nothing to do with us."""
    server.stop()
    (tmp_path / "mongodb" / "nx-27017.pid").write_text(str(os.getpid()))
    server.start()
    assert is_soon(server.ready)


def test_stop_and_start_may_be_repeated(server: Mongo) -> None:
    """A second start of a running server, and a second stop, do nothing."""
    first = server.pid
    server.start()
    assert server.pid == first
    server.stop()
    server.stop()
    assert server.pid is None


def test_somebody_elses_server_is_not_ours(server: Mongo, tmp_path: Path) -> None:
    """A port on which another process listens does not make us ready."""
    other = Mongo(tmp_path / "other", server.port, tmp_path / "other.log")
    assert not other.ready()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """StartFailed with what to do, instead of a traceback."""
    (tmp_path / "file").write_text("")
    server = Mongo(tmp_path / "file" / "below", free_port(), tmp_path / "log")
    with pytest.raises(StartFailed, match="nx-27017"):
        server.start()
