"""The customer's database in memory: transactions that overlap, row locks, and what the relay sees of it."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from uuid import UUID

from kernel.events import CUSTOMER_ERASED
from subgraphs.customer.store.outbox_reader import (
    Backlog,
    Claim,
    Listener,
    Observation,
    OutboxEvent,
    OutboxReader,
    OutboxUnavailable,
    Takeover,
)
from tests.simulation.process import Machine, Process

__all__ = ["Outbox", "Row", "SimReader"]

#: PostgreSQL ends a transaction that is idle for so many seconds.
_IDLE_SECONDS = 60.0
#: Seconds between two tries at a lock.
_LOCK_POLL = 0.05


@dataclass(slots=True, eq=False)
class Row:
    """A row of the outbox."""

    id: UUID
    customer_id: UUID
    type: str
    payload: str
    sequence: int
    queue: str
    created_at: datetime
    position: int
    committed: bool = False
    published_at: datetime | None = None
    #: The wish to send it again that it follows.
    replay: UUID | None = None
    #: The transaction that holds the row.
    holder: object | None = None


@dataclass(slots=True)
class _QueueState:
    #: Committed and not published, by position.
    pending: dict[int, Row] = field(default_factory=dict)
    claims: int = 0
    taking_over: bool = False
    incarnation: str | None = None
    drained_at: datetime | None = None


class Outbox:
    """What is committed. Survives every process."""

    def __init__(self, machine: Machine, queues: Sequence[str]) -> None:
        self.machine = machine
        self.rows: list[Row] = []
        self.queues = {name: _QueueState() for name in queues}
        self.ears: list[Callable[[], None]] = []
        self._positions = itertools.count(1)

    def now(self) -> datetime:
        """The database's clock."""
        return datetime.fromtimestamp(self.machine.now(), UTC)

    def insert(self, event: tuple[UUID, UUID, str, Mapping[str, object], int, str]) -> Row:
        """A row that nobody sees yet; its position is taken now, whatever the order of the commits."""
        id_, customer, kind, payload, sequence, queue = event
        position = next(self._positions)
        return Row(id_, customer, kind, json.dumps(payload), sequence, queue, self.now(), position)

    def commit(self, rows: Sequence[Row]) -> None:
        """Everybody sees them now, and the relays hear of it."""
        for row in rows:
            row.committed = True
            self.rows.append(row)
            self.await_publishing(row)
        for ear in list(self.ears):
            ear()

    def of_customer(self, customer: UUID) -> list[Row]:
        """The customer's committed rows."""
        return [row for row in self.rows if row.customer_id == customer]

    async def lock(self, rows: Sequence[Row], holder: object) -> None:
        """Wait until nobody holds any of them, then hold them all."""
        while any(row.holder is not None for row in rows):
            await asyncio.sleep(_LOCK_POLL)
        for row in rows:
            row.holder = holder

    def mark(self, row: Row) -> None:
        """It was published."""
        row.published_at = self.now()
        self.queues[row.queue].pending.pop(row.position, None)

    def await_publishing(self, row: Row) -> None:
        """It waits for the relay (again)."""
        row.published_at = None
        self.queues[row.queue].pending[row.position] = row

    def replay(self, queue: str, since: datetime, run: UUID) -> None:
        """What `customer replay` does."""
        for row in self.rows:
            wiped = row.payload == "{}" and row.type != CUSTOMER_ERASED
            if row.queue == queue and row.created_at >= since and row.published_at is not None and not wiped:
                row.replay = run
                self.await_publishing(row)

    @property
    def waiting(self) -> int:
        """Committed events that are not published."""
        return sum(len(state.pending) for state in self.queues.values())


class SimReader(OutboxReader):
    """One relay's connections to the outbox."""

    def __init__(self, outbox: Outbox, process: Process) -> None:
        self._outbox = outbox
        self._process = process
        self._chaos = outbox.machine.chaos

    async def close(self) -> None:
        """Nothing is open."""

    async def listener(self, wake: Callable[[], None]) -> Listener:
        """See `OutboxReader.listener`."""
        await self._statement()
        return _Ear(self._outbox, wake, deaf=self._chaos.strikes("ear_lost"))

    @asynccontextmanager
    async def claim(self, queue: str, limit: int, per_customer: int) -> AsyncIterator[Claim]:
        """See `OutboxReader.claim`."""
        await self._statement()
        state = self._outbox.queues[queue]
        while state.taking_over:
            await asyncio.sleep(_LOCK_POLL)
            self._process.check()
        with self._shared(state):
            claim = _SimClaim(self, self._chosen(queue, limit, per_customer))
            # The server ends the transaction of a client that stands still, whatever the client thinks.
            end = self._outbox.machine.loop.call_later(_IDLE_SECONDS, claim.end)
            try:
                await self._process.crossing()
                yield claim
                await self._process.crossing()
                claim.commit()
            finally:
                end.cancel()
                claim.end()

    def _chosen(self, queue: str, limit: int, per_customer: int) -> list[list[Row]]:
        lanes: dict[UUID, list[Row]] = {}
        pending = self.visible(queue)
        for row in pending:
            lanes.setdefault(row.customer_id, []).append(row)
        heads = [lane for lane in lanes.values() if lane[0].holder is None][:limit]
        room = min(per_customer - 1, (limit - len(heads)) // len(heads)) if heads else 0
        return [[lane[0], *takewhile(lambda row: row.holder is None, lane[1 : 1 + room])] for lane in heads]

    def visible(self, queue: str) -> list[Row]:
        """What waits for this queue, oldest first."""
        pending = self._outbox.queues[queue].pending
        return [pending[position] for position in sorted(pending)]

    async def now(self) -> datetime:
        """See `OutboxReader.now`."""
        await self._statement()
        return self._outbox.now()

    async def backlog(self, queue: str) -> Backlog:
        """See `OutboxReader.backlog`."""
        await self._statement()
        return Backlog(len(self._outbox.queues[queue].pending), 0.0)

    async def known_incarnation(self, queue: str) -> str | None:
        """See `OutboxReader.known_incarnation`."""
        await self._statement()
        return self._outbox.queues[queue].incarnation

    async def record(self, queue: str, seen: Observation) -> None:
        """See `OutboxReader.record`."""
        await self._statement()
        state = self._outbox.queues[queue]
        if state.incarnation == seen.incarnation and not seen.in_flight and not seen.dead_lettered:
            state.drained_at = seen.seen_from

    @asynccontextmanager
    async def takeover(self, queue: str) -> AsyncIterator[Takeover]:
        """See `OutboxReader.takeover`."""
        await self._statement()
        state = self._outbox.queues[queue]
        while state.taking_over or state.claims:
            await asyncio.sleep(_LOCK_POLL)
            self._process.check()
        state.taking_over = True
        try:
            takeover = _SimTakeover(self._outbox, queue)
            yield takeover
            await self._process.crossing()
            takeover.commit()
        finally:
            state.taking_over = False

    async def _statement(self) -> None:
        await self._process.crossing()
        if self._chaos.strikes("database_lost"):
            raise OutboxUnavailable("lost by the simulation")

    @contextmanager
    def _shared(self, state: _QueueState) -> Iterator[None]:
        state.claims += 1
        try:
            yield
        finally:
            state.claims -= 1

    def commit_marks(self, rows: Sequence[Row]) -> None:
        """The end of a claim; its outcome may stay unknown."""
        self._process.check()
        if self._chaos.strikes("database_lost"):
            raise OutboxUnavailable("lost at the commit")
        for row in rows:
            self._outbox.mark(row)
        if self._chaos.strikes("commit_answer_lost"):
            raise OutboxUnavailable("lost after the commit")


class _SimClaim(Claim):
    def __init__(self, reader: SimReader, lanes: list[list[Row]]) -> None:
        self._reader = reader
        self._rows = {row.id: row for lane in lanes for row in lane}
        self._marked: list[Row] = []
        self._ended = False
        for row in self._rows.values():
            row.holder = self
        self.lanes = [[_event(row) for row in lane] for lane in lanes]

    async def mark(self, ids: Sequence[UUID]) -> None:
        if ids:
            await self._reader.backlog(self._rows[ids[0]].queue)
            self._marked += [self._rows[each] for each in ids]

    def commit(self) -> None:
        if self._ended:
            raise OutboxUnavailable("terminating connection due to idle-in-transaction timeout")
        self._reader.commit_marks(self._marked)

    def end(self) -> None:
        """Let the rows go."""
        if not self._ended:
            self._ended = True
            for row in self._rows.values():
                row.holder = None


class _SimTakeover(Takeover):
    def __init__(self, outbox: Outbox, queue: str) -> None:
        self._outbox = outbox
        self._name = queue
        self._adopted: str | None = None
        self._again: list[Row] = []

    async def republish(self, incarnation: str, erased_type: str, margin: timedelta) -> int:
        state = self._outbox.queues[self._name]
        if state.incarnation == incarnation:
            return 0
        since = state.drained_at - margin if state.drained_at is not None else None
        erased = {row.customer_id for row in self._outbox.rows if row.type == erased_type}
        self._adopted = incarnation
        self._again = [
            row
            for row in self._outbox.rows
            if row.queue == self._name
            and row.published_at is not None
            and (since is None or row.published_at > since)
            and (row.type == erased_type or row.customer_id not in erased)
        ]
        return len(self._again)

    def commit(self) -> None:
        if self._adopted is not None:
            self._outbox.queues[self._name].incarnation = self._adopted
            for row in self._again:
                self._outbox.await_publishing(row)


class _Ear(Listener):
    def __init__(self, outbox: Outbox, wake: Callable[[], None], *, deaf: bool) -> None:
        self._outbox = outbox
        self._wake = wake
        self._closed = asyncio.Event()
        outbox.ears.append(wake)
        if deaf:
            outbox.machine.loop.call_later(outbox.machine.chaos.random.uniform(0, 60), self._end)

    async def wait_closed(self) -> None:
        await self._closed.wait()

    async def close(self) -> None:
        self._end()

    def _end(self) -> None:
        self._closed.set()
        if self._wake in self._outbox.ears:
            self._outbox.ears.remove(self._wake)


def _event(row: Row) -> OutboxEvent:
    return OutboxEvent(
        id=row.id,
        customer_id=row.customer_id,
        type=row.type,
        payload=row.payload,
        sequence=row.sequence,
        traceparent=None,
        request_id=None,
        created_at=row.created_at,
        position=row.position,
        replay=row.replay,
    )
