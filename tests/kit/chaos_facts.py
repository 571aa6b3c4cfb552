"""What the three stores of an embedded stack hold, read past the graph."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import boto3
from pymongo import AsyncMongoClient

from devstack import state
from devstack.layout import DataFolder
from devstack.servers.postgres import SUPERUSER, Postgres
from subgraphs.customer.store.keys import Keys

if TYPE_CHECKING:
    from mypy_boto3_sqs.literals import QueueAttributeNameType

__all__ = [
    "ActivityFacts",
    "CustomerFacts",
    "Event",
    "Facts",
    "RatingFacts",
    "idempotency_hash",
    "read_facts",
]

QUEUES = ("customer-rating.fifo", "customer-activity.fifo")
DEAD_LETTERS = ("customer-rating-dlq.fifo", "customer-activity-dlq.fifo")
_DEPTH: Sequence[QueueAttributeNameType] = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the outbox."""

    id: str
    customer_id: str
    type: str
    sequence: int
    queue: str
    position: int
    published: bool
    #: Whether the payload was emptied by an erasure.
    wiped: bool


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """PostgreSQL."""

    #: Version and whether erased, by customer.
    customers: dict[str, tuple[int, bool]]
    #: Customers by the marker in a debt, an asset or an income; once for each such row.
    marked: dict[str, list[str]]
    events: dict[str, Event]
    #: Event by the stored form of an idempotency key.
    remembered: dict[bytes, str]


@dataclass(frozen=True, slots=True)
class RatingFacts:
    """MongoDB, one customer."""

    version: int
    event_id: str
    erased: bool
    #: Version and event of each rating kept, newest first.
    history: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class ActivityFacts:
    """The activity store."""

    #: Customer by event.
    events: dict[str, str]
    #: How many events bear a marker.
    marked: dict[str, int]
    #: Events by which customers were erased.
    erased: dict[str, str]


@dataclass(frozen=True, slots=True)
class Facts:
    """All stores at about one moment, and what the logs say of order."""

    customer: CustomerFacts
    rating: dict[str, RatingFacts]
    activity: ActivityFacts
    #: Messages in the queues, and in their dead-letter queues.
    queued: int
    dead_lettered: int
    #: Of each customer, the versions that became its rating, in the order in which they did.
    applied: dict[str, list[int]] = field(default_factory=dict)
    #: Of each queue and customer, event ids in the order of their first publication.
    published: dict[tuple[str, str], list[str]] = field(default_factory=dict)


async def read_facts(data: Path) -> Facts:
    """Read everything; raises what the drivers raise when a server is away."""
    folder = DataFolder.at(data)
    queued, dead_lettered = await asyncio.to_thread(_queues, folder)
    return Facts(
        customer=await _customer(folder),
        rating=await _rating(folder),
        activity=_activity(folder.activity_store),
        queued=queued,
        dead_lettered=dead_lettered,
        applied=_applied(folder),
        published=_published(folder),
    )


def idempotency_hash(data: Path) -> Callable[[str], bytes]:
    """What the stack's customer subgraph stores of an idempotency key."""
    folder = DataFolder.at(data)
    keys = Keys(encryption=folder.secret("encryption"), blind_index=folder.secret("blind-index"))
    return keys.idempotency_key


def _log_lines(folder: DataFolder, name: str) -> Iterator[dict[str, object]]:
    """The structured lines of a member's log; a line that a kill has cut is left out."""
    with folder.log(name).open(errors="replace") as log:
        for line in log:
            try:
                found = json.loads(line)
            except ValueError:
                continue
            if isinstance(found, dict):
                yield found


def _port(folder: DataFolder, name: str) -> int:
    record = state.load(folder)
    assert record is not None, "the stack has written nothing down"
    return record.named(name).port


async def _customer(folder: DataFolder) -> CustomerFacts:
    server = Postgres(folder.root / "postgres", _port(folder, "postgres"), folder.log("postgres"))
    connection = await asyncpg.connect(server.url(SUPERUSER, "customer_graph"), timeout=10)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            customers = await connection.fetch(
                "SELECT id, version, erased_at IS NOT NULL AS erased FROM customer_graph.customer"
            )
            marks = await connection.fetch(
                """SELECT customer_id, creditor AS marker FROM customer_graph.debt
                   UNION ALL SELECT customer_id, description FROM customer_graph.asset
                   UNION ALL SELECT customer_id, source FROM customer_graph.income"""
            )
            events = await connection.fetch(
                """SELECT id, aggregateid, type, sequence, queue, position,
                          published_at IS NOT NULL AS published, payload = '{}' AS wiped
                   FROM customer_graph.outbox"""
            )
            remembered = await connection.fetch("SELECT key_hash, event_id FROM customer_graph.idempotency")
    finally:
        await connection.close()
    marked = defaultdict(list)
    for row in marks:
        marked[row["marker"]].append(str(row["customer_id"]))
    return CustomerFacts(
        customers={str(row["id"]): (row["version"], row["erased"]) for row in customers},
        marked=dict(marked),
        events={
            str(row["id"]): Event(
                str(row["id"]), str(row["aggregateid"]), row["type"], row["sequence"], row["queue"],
                row["position"], row["published"], row["wiped"],
            )
            for row in events
        },
        remembered={row["key_hash"]: str(row["event_id"]) for row in remembered},
    )  # fmt: skip


async def _rating(folder: DataFolder) -> dict[str, RatingFacts]:
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(
        f"mongodb://127.0.0.1:{_port(folder, 'mongodb')}/", serverSelectionTimeoutMS=10_000
    )
    found = {}
    try:
        async for document in client["rating"]["ratings"].find({}):
            history: Any = document["history"]
            rating: Any = document.get("rating")
            present = [] if rating is None else [rating]
            found[str(document["_id"])] = RatingFacts(
                version=int(str(document["version"])),
                event_id=str(document["event_id"]),
                erased=bool(document["erased"]),
                history=tuple(
                    (int(one["source_version"]), str(one["source_event"])) for one in (*present, *history)
                ),
            )
    finally:
        await client.close()
    return found


def _activity(path: Path) -> ActivityFacts:
    with closing(sqlite3.connect(path, timeout=10)) as connection:
        rows = connection.execute(
            "SELECT id, customer_id, merchant, bureau, description FROM event"
        ).fetchall()
        tombstones = connection.execute("SELECT customer_id, event_id FROM tombstone").fetchall()
    marked: dict[str, int] = defaultdict(int)
    for _, _, merchant, bureau, description in rows:
        marked[merchant or bureau or description] += 1
    return ActivityFacts({row[0]: row[1] for row in rows}, dict(marked), dict(tombstones))


def _queues(folder: DataFolder) -> tuple[int, int]:
    """Messages in all queues, seen or unseen, and in all dead-letter queues."""
    client = boto3.client(
        "sqs",
        endpoint_url=f"http://127.0.0.1:{_port(folder, 'sqs')}",
        region_name="us-east-1",
        aws_access_key_id="devstack",
        aws_secret_access_key="devstack",
    )
    try:
        depths = {}
        for name in (*QUEUES, *DEAD_LETTERS):
            url = client.get_queue_url(QueueName=name)["QueueUrl"]
            found = client.get_queue_attributes(QueueUrl=url, AttributeNames=list(_DEPTH))["Attributes"]
            depths[name] = sum(int(found[attribute]) for attribute in _DEPTH)
    finally:
        client.close()
    return sum(depths[name] for name in QUEUES), sum(depths[name] for name in DEAD_LETTERS)


def _applied(folder: DataFolder) -> dict[str, list[int]]:
    found = defaultdict(list)
    for line in _log_lines(folder, "rating"):
        if line.get("event") == "rating.profile_applied" and line.get("outcome") == "APPLIED":
            found[str(line["customer_id"])].append(int(str(line["version"])))
    return dict(found)


def _published(folder: DataFolder) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for line in _log_lines(folder, "relay"):
        if line.get("event") == "relay.event_published":
            found[str(line["queue"]), str(line["customer_id"])][str(line["event_id"])] = None
    return {lane: list(events) for lane, events in found.items()}
