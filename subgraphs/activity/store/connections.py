"""Connections of the embedded store: a few threads that read, one that writes.

SQLite has one writer at a time, so writes queue up in one thread instead of failing on a lock; readers see
the last commit meanwhile (write-ahead log). Every statement ends after a time limit.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from kernel.settings import ConfigurationProblem
from subgraphs.activity.store.port import StoreUnavailable

__all__ = ["Connections"]

T = TypeVar("T")

#: Threads that read; more than the cores of a small machine gain nothing.
_READERS = 4
#: Seconds for one read or write. The gateway's fetch gives up after three.
_TIMEOUT_SECONDS = 3.0
#: Steps of SQLite's machine between two looks at the clock: about a millisecond.
_STEPS = 20_000
#: Seconds to wait for another process's write, such as `migrate`.
_BUSY_SECONDS = 2.0


class Connections:
    """`read` and `write` run a function of a connection in a thread; drivers' errors come out translated."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._readers = ThreadPoolExecutor(_READERS, "activity-read")
        self._writer = ThreadPoolExecutor(1, "activity-write")
        self._of_thread = threading.local()
        self._all: list[sqlite3.Connection] = []

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` answers; one transaction, so that it sees one state of the data."""
        return await self._run(self._readers, "BEGIN", work)

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` answers, committed; nothing of it is there when this raises."""
        return await self._run(self._writer, "BEGIN IMMEDIATE", work)

    async def maintain(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` answers, run by the writer outside any transaction and without a time limit."""
        return await self._run(self._writer, None, work)

    async def close(self) -> None:
        """Wait for what is running, then close every connection."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._readers.shutdown()
        self._writer.shutdown()
        for connection in self._all:
            connection.close()
        self._all.clear()

    async def _run(
        self, pool: ThreadPoolExecutor, begin: str | None, work: Callable[[sqlite3.Connection], T]
    ) -> T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(pool, self._transaction, begin, work)
        except sqlite3.Error as error:
            raise StoreUnavailable from error

    def _transaction(self, begin: str | None, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._connection()
        if begin is None:
            return work(connection)
        ends_at = time.monotonic() + _TIMEOUT_SECONDS
        connection.set_progress_handler(lambda: time.monotonic() > ends_at, _STEPS)
        try:
            connection.execute(begin)
            with connection:  # commits, or rolls back when `work` raises
                return work(connection)
        finally:
            connection.set_progress_handler(None, 0)

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._of_thread, "connection", None)
        if connection is None:
            connection = _connect(self._path)
            self._of_thread.connection = connection
            self._all.append(connection)
        return connection


def _connect(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Each thread keeps to its own connection; only `close` comes from another one.
        connection = sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode = WAL")
    except (OSError, sqlite3.Error) as error:
        raise ConfigurationProblem(f"the activity store cannot use the file {path}: {error}") from error
    # The router deletes a message once we have answered: a commit must survive a power cut.
    connection.execute("PRAGMA synchronous = FULL")
    # Erased rows are overwritten with zeros (LGPD).
    connection.execute("PRAGMA secure_delete = ON")
    return connection
