"""The checker can fail: with any one guarantee switched off, some seed finds it out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from sqlite3 import Connection
from unittest.mock import patch
from uuid import UUID

import pytest

import router.queue as inward
from router.consumer import Consumer
from subgraphs.activity.domain import Event, Outcome
from subgraphs.activity.store import embedded
from subgraphs.customer.publishing.pump import Pump
from subgraphs.customer.publishing.sending import Sending, Sent
from subgraphs.customer.store.outbox_reader import OutboxEvent
from subgraphs.rating.domain import record
from tests.simulation.checker import Violation
from tests.simulation.outbox import Outbox, Row, SimReader
from tests.simulation.queues import SimQueues
from tests.simulation.world import simulate

#: Seeds that a switched-off guarantee must not survive.
_SEEDS = range(40)
_EVENTS = 200


@contextmanager
def deletes_before_it_applies() -> Iterator[None]:
    """The router deletes what it receives at once."""
    receive = SimQueues.receive

    async def at_most_once(
        self: SimQueues, queue: str, limit: int, wait: int, visibility: int
    ) -> list[inward.Message]:
        found = await receive(self, queue, limit, wait, visibility)
        if found and "-dlq" not in queue:
            await self.delete(queue, [message.receipt for message in found])
        return found

    with patch.object(SimQueues, "receive", at_most_once):
        yield


@contextmanager
def publishes_before_the_commit() -> Iterator[None]:
    """The relay sees a row as soon as it is written."""
    insert = Outbox.insert

    def visible_at_once(self: Outbox, event: tuple[UUID, UUID, str, object, int, str]) -> Row:
        row = insert(self, event)  # type: ignore[arg-type]  # the payload passes through
        self.await_publishing(row)
        return row

    with patch.object(Outbox, "insert", visible_at_once):
        yield


@contextmanager
def marks_before_it_sends() -> Iterator[None]:
    """The relay marks as published what it is about to send."""

    async def publish(self: Pump, limit: int) -> Sent:
        async with self._reader.claim(self._queue, limit, 20) as claim:
            sent = Sent(claimed=sum(len(events) for events in claim.lanes))
            lanes = claim.lanes
            await claim.mark([event.id for events in lanes for event in events])
        if sent.claimed:
            await Sending(self._queue, self._publisher, self._settings, sent).run(lanes)
        return sent

    with patch.object(Pump, "publish", publish):
        yield


@contextmanager
def skips_gaps_of_positions() -> Iterator[None]:
    """The relay never looks behind the highest position that it has seen, as a naive poller does."""
    visible = SimReader.visible
    highest: dict[str, int] = {}

    def beyond(self: SimReader, queue: str) -> list[Row]:
        # Positions are given at the insert: a transaction that commits late is behind one that was quick.
        rows = [row for row in visible(self, queue) if row.position > highest.get(queue, 0) - 1]
        if rows:
            highest[queue] = max(row.position for row in rows)
        return rows

    with patch.object(SimReader, "visible", beyond):
        yield


@contextmanager
def sends_a_customers_events_side_by_side() -> Iterator[None]:
    """The relay does not wait for a customer's earlier event before it sends the next."""
    run = Sending.run

    async def side_by_side(self: Sending, lanes: Sequence[Sequence[OutboxEvent]]) -> None:
        await run(self, [[event] for events in reversed(lanes) for event in reversed(events)])

    with patch.object(Sending, "run", side_by_side):
        yield


@contextmanager
def goes_on_behind_a_failed_head() -> Iterator[None]:
    """The router takes the next message of a lane when the first one failed."""

    async def only_the_head(self: Consumer, group: str, **_: object) -> None:
        self._lanes.settle(group)
        self._mark_settled()
        if self._lanes.head(group) is not None:
            going_on.append(asyncio.create_task(self._work(group)))

    going_on: list[asyncio.Task[None]] = []
    with patch.object(Consumer, "_end_lane", only_the_head):
        yield


@contextmanager
def rates_what_it_has_rated() -> Iterator[None]:
    """The rating inbox does not know an event again."""
    apply = record.apply_profile

    def forgetful(before: record.Record | None, event: record.ProfileChanged, *rest: object) -> record.Change:
        if before is not None and not before.erased and event.version <= before.version:
            change = apply(None, event, *rest)  # type: ignore[arg-type]  # scorecard and moment
            assert change.record is not None
            history = (*change.record.history, *before.history)[: record.MAX_HISTORY]
            again = replace(change.record, history=history, revision=before.revision)
            return record.Change(record.Outcome.APPLIED, event.version, again)
        return apply(before, event, *rest)  # type: ignore[arg-type]  # scorecard and moment

    with patch("subgraphs.rating.inbox.apply_profile", forgetful):
        yield


@contextmanager
def forgets_who_was_erased() -> Iterator[None]:
    """The activity store takes late events of erased customers."""
    take = embedded._record

    def take_all(connection: Connection, event: Event) -> Outcome:
        connection.execute("UPDATE tombstone SET customer_id = 'nobody ' || customer_id")
        try:
            return take(connection, event)
        finally:
            connection.execute("UPDATE tombstone SET customer_id = substr(customer_id, 8)")

    with patch.object(embedded, "_record", take_all):
        yield


@pytest.mark.parametrize(
    "broken",
    [
        deletes_before_it_applies,
        publishes_before_the_commit,
        marks_before_it_sends,
        skips_gaps_of_positions,
        sends_a_customers_events_side_by_side,
        goes_on_behind_a_failed_head,
        rates_what_it_has_rated,
        forgets_who_was_erased,
    ],
    ids=lambda broken: broken.__name__,
)
def test_a_guarantee_that_is_switched_off_is_found_out(
    broken: Callable[[], AbstractContextManager[None]],
) -> None:
    """Each of these would pass a test that only looks at runs in which nothing fails."""
    found = []
    for seed in _SEEDS:
        with broken():
            try:
                simulate(seed, _EVENTS)
            except Violation as violation:
                found.append((seed, str(violation)[:200]))
                break
    assert found
