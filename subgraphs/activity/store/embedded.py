"""The store for one machine: SQLite with FTS5, in one file, nothing to install."""

from __future__ import annotations

import datetime as dt
import sqlite3
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import orjson

from kernel.settings import ConfigurationProblem
from subgraphs.activity.domain import (
    ActivityKind,
    Bucket,
    Direction,
    Erasure,
    Event,
    MonthTotal,
    Outcome,
    from_micros,
    to_micros,
)
from subgraphs.activity.store import statements
from subgraphs.activity.store.connections import Connections
from subgraphs.activity.store.port import (
    EraseResult,
    Filter,
    HistogramRequest,
    Page,
    PageRequest,
    StoreUnavailable,
)
from subgraphs.activity.store.words import words

__all__ = ["EmbeddedStore"]

#: Events that expire in one transaction: a few milliseconds, so that other writes get their turn.
_EXPIRE_BATCH = 1_000

_Row = tuple[Any, ...]


class EmbeddedStore:
    """Keeps the promises of `ActivityStore` with one file; processes of one machine may share it."""

    def __init__(self, path: Path) -> None:
        self._connections = Connections(path)

    @classmethod
    def at(cls, url: str) -> Self:
        """The store at `sqlite:////absolute/path`; raises `ConfigurationProblem` for any other path."""
        parts = urlsplit(url)
        path = Path(unquote(parts.path).removeprefix("/"))
        if parts.netloc or not path.is_absolute():
            raise ConfigurationProblem(
                "ACTIVITY_STORE_URL needs an absolute path after sqlite:///, as in sqlite:////data/activity.db"
            )
        return cls(path)

    async def open(self) -> None:
        """See `ActivityStore.open`; raises `ConfigurationProblem` for a file that cannot be used."""
        await self.migrate()

    async def close(self) -> None:
        """See `ActivityStore.close`."""
        await self._connections.close()

    async def migrate(self) -> str:
        """See `ActivityStore.migrate`; raises `ConfigurationProblem` when a newer version wrote the file."""
        return await self._connections.maintain(_migrate)

    async def expire(self, before: dt.datetime) -> int:
        """See `ActivityStore.expire`."""
        expired = 0
        while deleted := await self._connections.write(lambda connection: _expire(connection, before)):
            expired += deleted
        if expired:
            await self._connections.maintain(_scrub)
        return expired

    async def ready(self) -> bool:
        """See `ActivityStore.ready`."""
        try:
            version = await self._connections.read(_schema_version)
        except StoreUnavailable:
            return False
        return version == statements.SCHEMA_VERSION

    async def record(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """See `ActivityStore.record`."""
        return await self._connections.write(
            lambda connection: [_record(connection, event) for event in events]
        )

    async def erase(self, erasure: Erasure) -> EraseResult:
        """See `ActivityStore.erase`."""
        result = await self._connections.write(lambda connection: _erase(connection, erasure))
        if result.outcome is Outcome.APPLIED:
            # Zeros in the file itself, not only in the log, and no deleted words left in the index.
            await self._connections.maintain(_scrub)
        return result

    async def missing(self, event_ids: Sequence[uuid.UUID]) -> Sequence[uuid.UUID]:
        """See `ActivityStore.missing`."""
        rows = await self._rows(statements.MISSING, {"ids": _json(event_ids)})
        return [uuid.UUID(row[0]) for row in rows]

    async def latest(
        self, kind: ActivityKind, customer_ids: Sequence[uuid.UUID]
    ) -> Mapping[uuid.UUID, Event]:
        """See `ActivityStore.latest`."""
        rows = await self._rows(statements.LATEST, {"customers": _json(customer_ids), "kind": kind.value})
        events = map(_event, rows)
        return {event.customer_id: event for event in events}

    async def pages(
        self, customer_ids: Sequence[uuid.UUID], request: PageRequest
    ) -> Mapping[uuid.UUID, Page]:
        """See `ActivityStore.pages`."""
        where, values = _where(request)
        rows = await self._rows(
            statements.pages(where),
            {**values, "customers": _json(customer_ids), "limit": request.limit + 1},
        )
        events: defaultdict[uuid.UUID, list[Event]] = defaultdict(list)
        for row in rows:
            event = _event(row)
            events[event.customer_id].append(event)
        return {customer: _page(found, request.limit) for customer, found in events.items()}

    async def counts(self, customer_ids: Sequence[uuid.UUID], events: Filter) -> Mapping[uuid.UUID, int]:
        """See `ActivityStore.counts`."""
        where, values = statements.conditions(events)
        rows = await self._rows(statements.counts(where), {**values, "customers": _json(customer_ids)})
        return {uuid.UUID(customer): count for customer, count in rows}

    async def feed(self, request: PageRequest) -> Page:
        """See `ActivityStore.feed`."""
        where, values = _where(request)
        rows = await self._rows(statements.feed(where), {**values, "limit": request.limit + 1})
        return _page([_event(row) for row in rows], request.limit)

    async def count(self, events: Filter) -> int:
        """See `ActivityStore.count`."""
        where, values = statements.conditions(events)
        rows = await self._rows(statements.count(where), values)
        return int(rows[0][0])

    async def monthly_spending(
        self, customer_ids: Sequence[uuid.UUID], months: int
    ) -> Mapping[uuid.UUID, Sequence[MonthTotal]]:
        """See `ActivityStore.monthly_spending`."""
        rows = await self._rows(statements.SPENDING, {"customers": _json(customer_ids), "months": months})
        totals: defaultdict[uuid.UUID, list[MonthTotal]] = defaultdict(list)
        for customer, month, total, purchases in rows:
            totals[uuid.UUID(customer)].append(MonthTotal(month, total, purchases))
        return totals

    async def histogram(self, request: HistogramRequest) -> Sequence[Bucket]:
        """See `ActivityStore.histogram`."""
        events = Filter(kinds=request.kinds, since=request.since, until=request.until)
        where, values = statements.conditions(events)
        rows = await self._rows(statements.histogram(request.interval, where), values)
        order = list(ActivityKind)
        buckets = [
            Bucket(dt.datetime.fromisoformat(start).replace(tzinfo=dt.UTC), ActivityKind(kind), count, amount)
            for start, kind, count, amount in rows
        ]
        return sorted(buckets, key=lambda bucket: (bucket.start, order.index(bucket.kind)))

    async def _rows(self, statement: str, values: Mapping[str, Any]) -> list[_Row]:
        return await self._connections.read(
            lambda connection: connection.execute(statement, values).fetchall()
        )


def _migrate(connection: sqlite3.Connection) -> str:
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        version = _schema_version(connection)
        if version > statements.SCHEMA_VERSION:
            raise ConfigurationProblem(
                f"the activity store's file has schema version {version}, newer than this program's"
                f" {statements.SCHEMA_VERSION}: run the newer program"
            )
        if version == statements.SCHEMA_VERSION:
            return f"schema version {version} was there already"
        for statement in statements.SCHEMA:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {statements.SCHEMA_VERSION}")
    return f"created schema version {statements.SCHEMA_VERSION}"


def _schema_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _record(connection: sqlite3.Connection, event: Event) -> Outcome:
    erased = connection.execute(statements.TOMBSTONE, {"customer_id": str(event.customer_id)}).fetchone()
    if erased is not None:
        return Outcome.STALE
    inserted = connection.execute(statements.INSERT_EVENT, _values(event))
    if inserted.rowcount == 0:
        return Outcome.DUPLICATE
    text = " ".join(words(" ".join(event.texts)))
    connection.execute(statements.INSERT_WORDS, {"sequence": inserted.lastrowid, "words": text})
    return Outcome.APPLIED


def _erase(connection: sqlite3.Connection, erasure: Erasure) -> EraseResult:
    customer = {"customer_id": str(erasure.customer_id)}
    known = connection.execute(statements.TOMBSTONE, customer).fetchone()
    if known is not None:
        event_id, version = known
        same = event_id == str(erasure.event_id)
        return EraseResult(Outcome.DUPLICATE if same else Outcome.STALE, version)
    connection.execute(statements.DELETE_WORDS, customer)
    connection.execute(statements.DELETE_EVENTS, customer)
    connection.execute(
        statements.INSERT_TOMBSTONE,
        {
            **customer,
            "event_id": str(erasure.event_id),
            "version": erasure.version,
            "occurred": to_micros(erasure.occurred_at),
        },
    )
    return EraseResult(Outcome.APPLIED, erasure.version)


def _expire(connection: sqlite3.Connection, before: dt.datetime) -> int:
    oldest = {"before": to_micros(before), "limit": _EXPIRE_BATCH}
    connection.execute(statements.EXPIRE_WORDS, oldest)
    return connection.execute(statements.EXPIRE_EVENTS, oldest).rowcount


def _scrub(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO event_words (event_words) VALUES ('optimize')")
    # A reader may still need the log; then the next checkpoint does it.
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _where(request: PageRequest) -> tuple[str, dict[str, Any]]:
    filtered, values = statements.conditions(request.filter)
    after, place = statements.position(request.after)
    return filtered + after, {**values, **place}


def _page(events: Sequence[Event], limit: int) -> Page:
    return Page(events[:limit], has_next=len(events) > limit)


def _json(ids: Sequence[uuid.UUID]) -> str:
    return orjson.dumps([str(value) for value in dict.fromkeys(ids)]).decode()


def _values(event: Event) -> dict[str, Any]:
    return {
        "id": str(event.id),
        "customer_id": str(event.customer_id),
        "kind": event.kind.value,
        "occurred": to_micros(event.occurred_at),
        "amount": event.amount,
        "merchant": event.merchant,
        "category": event.category,
        "card_last4": event.card_last4,
        "bureau": event.bureau,
        "reason": event.reason,
        "direction": event.direction.value if event.direction else None,
        "description": event.description,
    }


def _event(row: _Row) -> Event:
    (id_, customer, kind, occurred, amount, merchant, category, last4, bureau, reason, direction, text) = row
    return Event(
        id=uuid.UUID(id_),
        customer_id=uuid.UUID(customer),
        kind=ActivityKind(kind),
        occurred_at=from_micros(occurred),
        amount=amount,
        merchant=merchant,
        category=category,
        card_last4=last4,
        bureau=bureau,
        reason=reason,
        direction=Direction(direction) if direction else None,
        description=text,
    )
