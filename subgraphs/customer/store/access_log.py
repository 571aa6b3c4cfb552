"""The append-only record of who asked for what: one row a request, written before the answer leaves.

Requests that end at the same time share one INSERT: the record costs a request one round trip at most.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql import bindparam

from kernel import telemetry
from subgraphs.customer.store.engine import Database, StoreUnavailable

__all__ = ["AccessEntry", "AccessLog", "Outcome"]

#: PARTIAL: an answer with data and errors. USER_ERROR: a mutation refused for its input.
Outcome = Literal["OK", "USER_ERROR", "PARTIAL", "ERROR"]

_APPEND = text(
    """
    INSERT INTO customer_service.access_log
           (at, request_id, subject, operation_type, operation_name, customer_ids, outcome, status,
            duration_ms)
    SELECT at, request_id, subject, operation_type, operation_name,
           ARRAY(SELECT jsonb_array_elements_text(customer_ids)::uuid), outcome, status, duration_ms
      FROM jsonb_to_recordset(:entries) AS entries (
           at timestamptz, request_id text, subject text, operation_type text, operation_name text,
           customer_ids jsonb, outcome text, status smallint, duration_ms float8)
    """
).bindparams(bindparam("entries", type_=JSONB))


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """One request."""

    at: datetime
    request_id: str
    #: The token's subject; None for an anonymous request.
    subject: str | None
    #: None when the request was refused before there was an operation.
    operation_type: str | None
    operation_name: str | None
    #: Every customer whose data was read or changed, or that a mutation was about.
    customer_ids: Sequence[UUID]
    outcome: Outcome
    #: The HTTP status that the caller got.
    status: int
    duration_ms: float


class AccessLog:
    """Appends entries in groups. `start` before the first `append`, `stop` after the last."""

    def __init__(self, database: Database, largest_batch: int) -> None:
        self._database = database
        self._largest_batch = largest_batch
        self._waiting: list[tuple[AccessEntry, asyncio.Future[None]]] = []
        self._wake = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write what is appended."""
        self._task = asyncio.create_task(self._write_until_stopped(), name="customer access log")

    async def stop(self) -> None:
        """Return when every entry appended so far is written, or known to be lost."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task

    async def append(self, entry: AccessEntry) -> None:
        """Return when the row is committed; raises `StoreUnavailable` when it could not be.

        A caller that is cancelled while waiting leaves the entry behind: it is written all the same.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, done))
        self._wake.set()
        await done

    async def _write_until_stopped(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                batch = self._waiting[: self._largest_batch]
                del self._waiting[: self._largest_batch]
                await self._write(batch)
            if self._stopping:
                return

    async def _write(self, batch: Sequence[tuple[AccessEntry, asyncio.Future[None]]]) -> None:
        problem: Exception | None = None
        try:
            async with self._database.appending() as connection:
                await connection.execute(_APPEND, {"entries": [_row(entry) for entry, _ in batch]})
        except (StoreUnavailable, SQLAlchemyError) as error:
            problem = StoreUnavailable("the access log could not be written")
            problem.__cause__ = error
            for entry, _ in batch:
                # The log line of the request holds the same facts; this one says that the table does not.
                telemetry.get_logger().error("access.row_lost", request_id=entry.request_id)
        for _, done in batch:
            if done.cancelled():
                continue
            if problem is None:
                done.set_result(None)
            else:
                done.set_exception(problem)


def _row(entry: AccessEntry) -> dict[str, object]:
    return {
        "at": entry.at.isoformat(),
        "request_id": entry.request_id,
        "subject": entry.subject,
        "operation_type": entry.operation_type,
        "operation_name": entry.operation_name,
        "customer_ids": [str(customer_id) for customer_id in entry.customer_ids],
        "outcome": entry.outcome,
        "status": entry.status,
        "duration_ms": entry.duration_ms,
    }
