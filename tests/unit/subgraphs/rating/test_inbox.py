"""Events arrive at least once, in any order, at the same moment; their effect is that of one run in order."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from subgraphs.rating.domain.profile import Debt
from subgraphs.rating.domain.record import Erasure, Outcome, ProfileChanged, Record
from subgraphs.rating.domain.scorecard import load_scorecard
from subgraphs.rating.inbox import Inbox
from subgraphs.rating.store import RatingStore, StoreUnavailable
from subgraphs.rating.swap import Records, Swapper
from tests.kit.mongo import store_settings
from tests.kit.rating import ANA, NOON, FixedClock, day, erasure, profile_event

Event = ProfileChanged | Erasure


def inbox_over(store: Records, clock: FixedClock | None = None, attempts: int = 32) -> Inbox:
    return Inbox(
        Swapper(store, clock or FixedClock(), attempts, settle_seconds=0.25), load_scorecard("2026-1")
    )


async def deliver(inbox: Inbox, event: Event) -> Outcome:
    change = await (inbox.erase(event) if isinstance(event, Erasure) else inbox.apply_profile(event))
    return change.outcome


def six_profiles() -> list[Event]:
    """Six versions of a customer whose debt grows, as told on six days."""
    return [
        profile_event(
            ANA,
            version,
            debts=(Debt(Decimal(1500 * version), day(100), day(-630)),),
            event_id=uuid.UUID(int=version),
        )
        for version in range(1, 7)
    ]


def essence(record: Record | None) -> Record | None:
    """Everything but how often it was written."""
    return None if record is None else replace(record, revision=0)


@pytest.fixture
async def inbox(rating_store: RatingStore) -> Inbox:
    """An inbox over the test's database."""
    return inbox_over(rating_store)


async def test_all_720_orders_of_six_events_end_alike(rating_store: RatingStore) -> None:
    """Whatever order the queue makes of six events, the record is that of the right one, history included."""
    inbox = inbox_over(rating_store)

    async def end_of(order: Sequence[Event], number: int) -> Record | None:
        customer = uuid.UUID(int=number + 1_000)
        for event in order:
            await deliver(inbox, replace(event, customer_id=customer))
        record = essence(await rating_store.record(customer))
        return None if record is None else replace(record, customer_id=ANA)

    events = six_profiles()
    expected = await end_of(events, 0)
    assert expected is not None
    orders = list(enumerate(itertools.permutations(events), start=1))
    for start in range(0, len(orders), 16):
        ends = await asyncio.gather(*(end_of(order, number) for number, order in orders[start : start + 16]))
        assert ends == [expected] * len(ends)


async def test_each_event_twice_changes_nothing(inbox: Inbox, rating_store: RatingStore) -> None:
    """A redelivery, also of an old event after newer ones, is a DUPLICATE and writes nothing."""
    events = six_profiles()
    for event in events:
        assert await deliver(inbox, event) is Outcome.APPLIED
    before = await rating_store.record(ANA)
    assert {await deliver(inbox, event) for event in events} == {Outcome.DUPLICATE}
    assert await rating_store.record(ANA) == before


@pytest.mark.parametrize("event", [profile_event(ANA, 3), erasure(ANA)], ids=["profile", "erasure"])
async def test_ten_copies_at_once_have_one_effect(
    inbox: Inbox, rating_store: RatingStore, event: Event
) -> None:
    """Of ten concurrent deliveries of one event, one is applied and nine are duplicates."""
    outcomes = await asyncio.gather(*(deliver(inbox, event) for _ in range(10)))
    assert sorted(outcomes) == [Outcome.APPLIED, *[Outcome.DUPLICATE] * 9]
    record = await rating_store.record(ANA)
    assert record is not None
    assert record.revision == 0


async def test_ten_versions_at_once_end_at_the_newest(inbox: Inbox, rating_store: RatingStore) -> None:
    """Ten versions that race for one customer leave the tenth, and all ten in the history."""
    await asyncio.gather(*(deliver(inbox, profile_event(ANA, version)) for version in range(1, 11)))
    record = await rating_store.record(ANA)
    assert record is not None
    assert record.version == 10
    assert [rating.source_version for rating in record.history] == list(range(10, 0, -1))


async def test_two_processes_share_a_customer(mongo_url: str) -> None:
    """Two stores of their own, as two processes have, lose no event to each other."""
    stores = [RatingStore(store_settings(mongo_url)) for _ in range(2)]
    inboxes = [inbox_over(store) for store in stores]
    await asyncio.gather(
        *(deliver(inboxes[version % 2], profile_event(ANA, version)) for version in range(1, 13))
    )
    record = await stores[0].record(ANA)
    assert record is not None
    assert len(record.history) == 12
    for store in stores:
        await store.close()


async def test_a_tombstone_refuses_everything(inbox: Inbox, rating_store: RatingStore) -> None:
    """After an erasure neither older nor newer profiles nor other erasures change anything."""
    await deliver(inbox, profile_event(ANA, 2))
    gone = erasure(ANA, 5)
    assert await deliver(inbox, gone) is Outcome.APPLIED
    tombstone = await rating_store.record(ANA)
    assert tombstone is not None
    assert (tombstone.erased, tombstone.known, tombstone.history) == (True, None, ())
    late = [profile_event(ANA, version) for version in (1, 2, 5, 6, 99)]
    assert {await deliver(inbox, event) for event in late} == {Outcome.STALE}
    assert await deliver(inbox, gone) is Outcome.DUPLICATE
    assert await deliver(inbox, erasure(ANA, 100)) is Outcome.STALE
    assert await rating_store.record(ANA) == tombstone


async def test_an_erasure_that_comes_first_is_the_last_word(inbox: Inbox, rating_store: RatingStore) -> None:
    """Of a customer who was unknown, the tombstone is all that is ever kept."""
    assert await deliver(inbox, erasure(ANA, 3)) is Outcome.APPLIED
    assert await deliver(inbox, profile_event(ANA, 1)) is Outcome.STALE
    record = await rating_store.record(ANA)
    assert record is not None
    assert record.known is None


async def test_a_late_profile_only_fills_the_history(inbox: Inbox, rating_store: RatingStore) -> None:
    """An older version is STALE, tells the newer one, and does not touch the present rating."""
    await deliver(inbox, profile_event(ANA, 4))
    before = await rating_store.record(ANA)
    change = await inbox.apply_profile(profile_event(ANA, 2))
    assert (change.outcome, change.version) == (Outcome.STALE, 4)
    after = await rating_store.record(ANA)
    assert before is not None
    assert after is not None
    assert after.known == before.known
    assert after.updated_at == before.updated_at
    assert [rating.source_version for rating in after.history] == [4, 2]


async def test_the_day_of_the_event_decides_not_the_day_of_delivery(rating_store: RatingStore) -> None:
    """A profile that waited in the queue for a year is rated as of the day on which it was true."""
    clock = FixedClock()
    clock.advance(365 * 86_400)
    debt = Debt(Decimal("100.00"), day(30), day(-30))
    await deliver(inbox_over(rating_store, clock), profile_event(ANA, 1, debts=(debt,)))
    record = await rating_store.record(ANA)
    assert record is not None
    assert record.known is not None
    assert record.known.features.overdue_count == 0
    assert record.known.rating.computed_at == clock.now()


class SlowStore:
    """A store whose first write takes longer than readers wait."""

    def __init__(self, store: RatingStore, clock: FixedClock) -> None:
        self._store = store
        self._clock = clock
        self._slow = True

    async def record(self, customer_id: uuid.UUID) -> Record | None:
        """As the store does."""
        return await self._store.record(customer_id)

    async def save(self, record: Record, *, expected: Record | None) -> bool:
        """As the store does, but late."""
        if self._slow:
            self._slow = False
            self._clock.advance(5)
        return await self._store.save(record, expected=expected)


async def test_a_slow_write_is_stamped_again(rating_store: RatingStore) -> None:
    """A change that showed long after its moment gets a later one, so that no reader has passed it."""
    clock = FixedClock()
    inbox = inbox_over(SlowStore(rating_store, clock), clock)
    await deliver(inbox, profile_event(ANA, 1))
    record = await rating_store.record(ANA)
    assert record is not None
    assert (record.updated_at - NOON).total_seconds() == 5


class BusyStore:
    """A store in which somebody else is always faster."""

    async def record(self, customer_id: uuid.UUID) -> Record | None:
        """Nothing yet."""
        return None

    async def save(self, record: Record, *, expected: Record | None) -> bool:
        """Too late."""
        return False


async def test_a_lost_race_is_given_up_in_the_end() -> None:
    """After so many tries the router is told to come again; it never hangs."""
    inbox = inbox_over(BusyStore(), attempts=3)
    with pytest.raises(StoreUnavailable):
        await inbox.apply_profile(profile_event(ANA, 1))
