"""The outbox as the relay sees it: claim, mark, republish, and what is known of each queue.

Logs in as `customer_relay`, which may read the outbox, set `published_at`, and write `relay_queue`, nothing
else. SQL is constant, so that `pg_stat_statements` shows one line a query.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

__all__ = [
    "Backlog",
    "Claim",
    "Listener",
    "Observation",
    "OutboxEvent",
    "OutboxReader",
    "OutboxUnavailable",
    "Takeover",
]

#: The channel that the outbox's insert trigger notifies.
CHANNEL = "customer_outbox"
#: Milliseconds. A claim's transaction stays open while its batches are sent; a relay that is stopped or cut
#: off longer than this loses its locks, and another one goes on with its customers.
IDLE_IN_TRANSACTION_MS = 60_000
#: Milliseconds a single statement may take; the rare mass update of a takeover lifts it for itself.
STATEMENT_MS = 15_000
#: Seconds that we wait for a statement's answer: longer than the server takes to give up, since it is for the
#: server that says nothing at all. And the same for a takeover's update.
ANSWER_SECONDS = 20.0
TAKEOVER_SECONDS = 600.0
#: Seconds between two questions whether the connection that listens still has a server at its end.
LISTEN_CHECK_SECONDS = 10.0
#: Seconds to wait for a connection to open, and for a free one in the pool.
CONNECT_SECONDS = 5.0
#: Seconds that an unused connection is kept: each is a process of the server, and a relay at rest needs one.
IDLE_SECONDS = 30.0

#: What the server knows of a queue table is old as soon as it knows it: an outbox is mostly seen empty, and a
#: plan for a few rows reads the whole backlog, or reads it once a head. All that a relay asks has an index in
#: the right order, so it is told to use these, and not to keep a plan from another time.
_PLANNING = {
    "plan_cache_mode": "force_custom_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "jit": "off",
}

_COLUMNS = (
    "id, aggregateid, type, payload::text as payload, sequence, traceparent, request_id, created_at, "
    "position, replay"
)

# A head is a customer's oldest unpublished event. Its row lock is the lock on all of this customer's events:
# no other claim sees a later one as a head while the earlier one is unpublished. Unless a replay makes older
# ones wait again: then a later event may be under way with somebody else, and nothing behind it may be sent.
# The shape leaves the planner little choice: a subquery with a limit can only be looked up, and `<=`, where
# equality is meant, is not taken for a reason to read and sort all.
_HEADS = f"""
select {_COLUMNS} from customer_graph.outbox o
where o.queue = $1 and o.published_at is null and o.position <= (
    select earliest.position from customer_graph.outbox earliest
    where earliest.queue = o.queue and earliest.aggregateid = o.aggregateid
      and earliest.published_at is null
    order by earliest.position limit 1)
  and {{where}}
order by o.position limit $2
for update of o skip locked
"""  # noqa: S608  the columns are a constant

# Customers with long queues have fewer heads than a claim has room for; to look for more of them would be to
# read all that waits. Only when others have locked every head among the oldest is it worth that.
_OLDEST_HEADS = _HEADS.format(
    where="""o.position <= coalesce((
    select last.position from customer_graph.outbox last
    where last.queue = $1 and last.published_at is null
    order by last.position offset $3 limit 1), 9223372036854775807)"""
)
_ALL_HEADS = _HEADS.format(where="true")
#: Among how many of the oldest events heads are looked for, for each event that is to be claimed.
_LOOK_AT = 4

# `place` counts a customer's followers from 1, those that are locked included. Whether one is still to be
# sent is asked once it is locked, and behind an offset, so that the row is looked up by its id.
_FOLLOWERS = f"""
with follower as materialized (
    select each.id, row_number() over (partition by head.aggregateid order by each.position) as place
    from unnest($2::uuid[], $3::bigint[]) as head(aggregateid, position)
    cross join lateral (
        select o.id, o.position from customer_graph.outbox o
        where o.queue = $1 and o.aggregateid = head.aggregateid
          and o.published_at is null and o.position > head.position
        order by o.position limit $4) each)
select free.*, follower.place from follower
cross join lateral (
    select {_COLUMNS}, published_at from customer_graph.outbox o
    where o.id = follower.id offset 0 for update skip locked) free
where free.published_at is null order by free.position
"""  # noqa: S608  the columns are a constant

_MARK = "update customer_graph.outbox set published_at = clock_timestamp() where id = any($1::uuid[])"

# Claims hold this lock shared from before their first send until their marks are committed; a takeover
# takes it alone. So no event sent to a queue that is gone can be marked after the republishing looked for it.
_LOCK_SHARED = "select pg_advisory_xact_lock_shared(hashtext('customer_graph.relay'), hashtext($1))"
_LOCK_ALONE = "select pg_advisory_xact_lock(hashtext('customer_graph.relay'), hashtext($1))"

_BACKLOG = """
select count(*) as pending,
       coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::float8 as oldest_seconds
from customer_graph.outbox where queue = $1 and published_at is null
"""

_KNOWN_INCARNATION = "select incarnation from customer_graph.relay_queue where queue = $1"

_RECORD = """
update customer_graph.relay_queue set
    in_flight = $3, dead_lettered = $4, observed_at = clock_timestamp(),
    drained_at = case when $3 = 0 and $4 = 0 then $5 else drained_at end,
    last_published_at = (select max(published_at) from customer_graph.outbox where queue = $1)
where queue = $1 and incarnation = $2
"""

_ADOPT = """
insert into customer_graph.relay_queue (queue, incarnation, in_flight, dead_lettered, observed_at)
values ($1, $2, 0, 0, clock_timestamp())
on conflict (queue) do update set incarnation = excluded.incarnation, observed_at = excluded.observed_at
"""

# What an erased customer's older events said is wiped; only the erasure itself is worth sending again.
_REPUBLISH = """
update customer_graph.outbox o set published_at = null
where o.queue = $1
  and o.published_at > coalesce(
      (select drained_at - $2::interval from customer_graph.relay_queue where queue = $1), '-infinity')
  and (o.type = $3 or not exists (
      select from customer_graph.outbox erasure
      where erasure.aggregateid = o.aggregateid and erasure.type = $3))
"""


class OutboxUnavailable(Exception):
    """PostgreSQL did not answer, or refused; try again later."""


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """One committed event that waits for its queue. `payload` is the envelope's `data` as JSON text."""

    id: UUID
    customer_id: UUID
    type: str
    payload: str
    sequence: int
    traceparent: str | None
    request_id: str | None
    created_at: datetime
    position: int
    #: Which wish to send it again it follows, None for the first time.
    replay: UUID | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """Events of a queue that are committed and not published, and the age of the oldest in seconds."""

    pending: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class Observation:
    """What a queue looked like. `seen_from` is the database's clock before the look."""

    incarnation: str
    in_flight: int
    dead_lettered: int
    seen_from: datetime


class Claim:
    """Events of one queue that nobody else may publish until the claim ends."""

    def __init__(self, connection: asyncpg.pool.PoolConnectionProxy, lanes: Sequence[Sequence[OutboxEvent]]):
        self._connection = connection
        #: One list a customer, each in the order of commit.
        self.lanes = lanes

    async def mark(self, ids: Sequence[UUID]) -> None:
        """Record that these were sent; true for others when the claim ends without an error."""
        if ids:
            await self._connection.execute(_MARK, list(ids))


class Takeover:
    """The right to say which queue is published to from now on."""

    def __init__(self, connection: asyncpg.pool.PoolConnectionProxy, queue: str) -> None:
        self._connection = connection
        self._queue = queue

    async def republish(self, incarnation: str, erased_type: str, margin: timedelta) -> int:
        """Adopt an incarnation; all that the one before may have lost waits again. Answers how many events.

        Lost may be whatever was published after the moment when that queue was last seen empty, less
        `margin`. Does nothing when another relay has adopted the incarnation already.
        """
        if await self._connection.fetchval(_KNOWN_INCARNATION, self._queue) == incarnation:
            return 0
        await self._connection.execute("set local statement_timeout = 0")
        status: str = await self._connection.execute(
            _REPUBLISH, self._queue, margin, erased_type, timeout=TAKEOVER_SECONDS
        )
        await self._connection.execute(_ADOPT, self._queue, incarnation)
        return int(status.rsplit(" ", 1)[-1])


class OutboxReader:
    """A pool of connections as the relay's role; raises `OutboxUnavailable` for any fault of the database."""

    def __init__(self, url: str, *, connections: int) -> None:
        self._url = url.replace("postgresql+asyncpg://", "postgresql://", 1)
        self._connections = connections
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    async def close(self) -> None:
        """Close the pool; open claims are rolled back, so what they sent will be sent again."""
        pool, self._pool = self._pool, None
        if pool is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(CONNECT_SECONDS):
                    await pool.close()

    async def listener(self, wake: Callable[[], None]) -> Listener:
        """A connection of its own that calls `wake` after each commit that appended events."""
        with _translated():
            connection = await asyncpg.connect(self._url, timeout=CONNECT_SECONDS)
            await connection.add_listener(CHANNEL, lambda *_: wake())
        return Listener(connection)

    @asynccontextmanager
    async def claim(self, queue: str, limit: int, per_customer: int) -> AsyncIterator[Claim]:
        """Up to `limit` events, oldest first and at most `per_customer` of each, locked for the body.

        What the body marks is committed when it ends without an exception.
        """
        async with self._transaction() as connection:
            await connection.execute(_LOCK_SHARED, queue)
            rows = await connection.fetch(_OLDEST_HEADS, queue, limit, _LOOK_AT * limit)
            rows = rows or await connection.fetch(_ALL_HEADS, queue, limit)
            heads = [_event(row) for row in rows]
            lanes = {head.customer_id: [head] for head in heads}
            room = min(per_customer - 1, (limit - len(heads)) // len(heads)) if heads else 0
            if room > 0:
                ids, positions = [head.customer_id for head in heads], [head.position for head in heads]
                for row in await connection.fetch(_FOLLOWERS, queue, ids, positions, room):
                    lane = lanes[row["aggregateid"]]
                    if row["place"] == len(lane):
                        lane.append(_event(row))
            yield Claim(connection, list(lanes.values()))

    async def now(self) -> datetime:
        """The database's clock, which `published_at` is written by."""
        async with self._connection() as connection:
            moment: datetime = await connection.fetchval("select clock_timestamp()")
            return moment

    async def backlog(self, queue: str) -> Backlog:
        """How much waits for this queue."""
        async with self._connection() as connection:
            row = await connection.fetchrow(_BACKLOG, queue)
            assert row is not None
            return Backlog(pending=row["pending"], oldest_seconds=row["oldest_seconds"])

    async def known_incarnation(self, queue: str) -> str | None:
        """The incarnation of the queue that events were last published to; None before the first."""
        async with self._connection() as connection:
            known: str | None = await connection.fetchval(_KNOWN_INCARNATION, queue)
            return known

    async def record(self, queue: str, seen: Observation) -> None:
        """Write the observation down, unless the queue has become another one since."""
        async with self._connection() as connection:
            await connection.execute(
                _RECORD, queue, seen.incarnation, seen.in_flight, seen.dead_lettered, seen.seen_from
            )

    @asynccontextmanager
    async def takeover(self, queue: str) -> AsyncIterator[Takeover]:
        """Nobody publishes to this queue while the body runs; claims that have begun are waited for."""
        async with self._transaction() as connection:
            await connection.execute(_LOCK_ALONE, queue)
            yield Takeover(connection, queue)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
        async with self._connection() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
        with _translated():
            pool = await self._open()
            async with pool.acquire(timeout=CONNECT_SECONDS) as connection:
                yield connection

    async def _open(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    # Idle connections are not kept, so that an unreachable server is no reason not to start.
                    min_size=0,
                    max_size=self._connections,
                    timeout=CONNECT_SECONDS,
                    command_timeout=ANSWER_SECONDS,
                    max_inactive_connection_lifetime=IDLE_SECONDS,
                    server_settings={
                        "application_name": "customer-relay",
                        "statement_timeout": str(STATEMENT_MS),
                        **_PLANNING,
                        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
                    },
                )
            return self._pool


class Listener:
    """An open LISTEN."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._ended = asyncio.Event()
        connection.add_termination_listener(lambda *_: self._ended.set())

    async def wait_closed(self) -> None:
        """Return when the connection is gone and nothing more will be heard."""
        while not self._ended.is_set():
            try:
                async with asyncio.timeout(LISTEN_CHECK_SECONDS):
                    await self._ended.wait()
            except TimeoutError:
                # A peer that vanished without a word is noticed by asking only.
                try:
                    await self._connection.execute("select 1", timeout=CONNECT_SECONDS)
                except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    return

    async def close(self) -> None:
        """Stop listening."""
        with suppress(TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await self._connection.close(timeout=CONNECT_SECONDS)


def _event(row: asyncpg.Record) -> OutboxEvent:
    return OutboxEvent(
        id=row["id"],
        customer_id=row["aggregateid"],
        type=row["type"],
        payload=row["payload"],
        sequence=row["sequence"],
        traceparent=row["traceparent"],
        request_id=row["request_id"],
        created_at=row["created_at"],
        position=row["position"],
        replay=row["replay"],
    )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise OutboxUnavailable(f"{type(error).__name__}: {error}") from error
