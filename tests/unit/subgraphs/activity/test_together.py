"""Recordings that happen at the same time share their requests and keep their own outcomes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from subgraphs.activity.domain import Event, Outcome
from subgraphs.activity.store.calls import Refused
from subgraphs.activity.store.port import StoreUnavailable
from subgraphs.activity.store.together import Together
from tests.kit.activity import ANA, BIA, card_purchase


class Writer:
    """Notes every batch and answers when it is let; BIA's events are refused."""

    def __init__(self) -> None:
        self.batches: list[Sequence[Event]] = []
        self.go = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self, events: Sequence[Event]) -> Sequence[Outcome]:
        self.batches.append(events)
        await self.go.wait()
        if self.error is not None:
            raise self.error
        if any(event.customer_id == BIA for event in events):
            raise Refused("Elasticsearch answered 400")
        return [Outcome.DUPLICATE if event.amount == 1 else Outcome.APPLIED for event in events]


async def started(*calls: asyncio.Task[Sequence[Outcome]]) -> None:
    """Let all calls begin."""
    for _ in range(len(calls) + 2):
        await asyncio.sleep(0)


async def test_what_waits_is_written_together_and_answered_apart() -> None:
    """The first goes alone; the nine that come meanwhile are one batch; each gets its own outcome."""
    writer = Writer()
    together = Together(writer)
    events = [card_purchase(ANA, amount=number) for number in range(10)]
    calls = [asyncio.create_task(together.record([event])) for event in events]
    await started(*calls)
    writer.go.set()
    outcomes = [await call for call in calls]
    assert [len(batch) for batch in writer.batches] == [1, 9]
    assert outcomes == [[Outcome.DUPLICATE if number == 1 else Outcome.APPLIED] for number in range(10)]


async def test_a_refused_event_does_not_take_its_neighbours_with_it() -> None:
    """After a refused batch each is written alone: only the one to blame fails."""
    writer = Writer()
    together = Together(writer)
    first = asyncio.create_task(together.record([card_purchase(ANA)]))
    await started(first)
    good, bad, fine = (asyncio.create_task(together.record([card_purchase(who)])) for who in (ANA, BIA, ANA))
    await started(good, bad, fine)
    writer.go.set()
    assert [await first, await good, await fine] == [[Outcome.APPLIED]] * 3
    with pytest.raises(Refused):
        await bad


async def test_an_outage_is_told_to_all_of_the_batch() -> None:
    """Each caller may try again; the next batch is tried anew."""
    writer = Writer()
    writer.go.set()
    writer.error = StoreUnavailable()
    together = Together(writer)
    calls = [asyncio.create_task(together.record([card_purchase(ANA)])) for _ in range(3)]
    for call in calls:
        with pytest.raises(StoreUnavailable):
            await call
    writer.error = None
    assert await together.record([card_purchase(ANA)]) == [Outcome.APPLIED]


async def test_a_cancelled_writer_leaves_nobody_waiting() -> None:
    """Whose request timed out while it wrote for others: the next of them writes for the rest."""
    writer = Writer()
    together = Together(writer)
    first, writing, other, third = (
        asyncio.create_task(together.record([card_purchase(ANA)])) for _ in range(4)
    )
    await started(first, writing, other, third)
    first.cancel()
    await started(writing, other, third)
    writing.cancel()
    await started(other, third)
    writer.go.set()
    assert [await other, await third] == [[Outcome.APPLIED]] * 2
