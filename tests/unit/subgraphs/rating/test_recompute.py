"""Rating everybody anew: nobody left out, nothing written twice, events in between not lost."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from subgraphs.rating.domain.profile import Debt
from subgraphs.rating.domain.scorecard import load_scorecard
from subgraphs.rating.inbox import Inbox
from subgraphs.rating.recompute import Job, Range, Tally, ranges_of, recompute, rerate
from subgraphs.rating.store import RatingStore
from subgraphs.rating.swap import Swapper
from tests.kit.rating import ANA, BIA, CAIO, DAY, FixedClock, day, erasure, profile_event

SCORECARD = load_scorecard("2026-1")
NEW_SCORECARD = replace(SCORECARD, version="2027-1", base=SCORECARD.base - 10)
EVERYBODY = Range(None, uuid.UUID("ffffffff-ffff-ffff-ffff-ffffffffffff"))


def swapper_over(store: Any, clock: FixedClock) -> Swapper:
    return Swapper(store, clock, 5, 0.25)


async def rated(store: RatingStore, clock: FixedClock, *customers: uuid.UUID) -> Inbox:
    """Customers whose loan is due in ten days."""
    inbox = Inbox(swapper_over(store, clock), SCORECARD)
    for customer in customers:
        debt = Debt(Decimal("500.00"), day(100), day(-10))
        await inbox.apply_profile(profile_event(customer, 1, debts=(debt,)))
    return inbox


async def test_a_new_scorecard_rates_everybody_once(rating_store: RatingStore) -> None:
    """All get the new version, with the old rating in the history; the second run changes nobody."""
    clock = FixedClock()
    inbox = await rated(rating_store, clock, ANA, BIA, CAIO)
    await inbox.erase(erasure(CAIO))
    clock.advance(60)
    job = Job(NEW_SCORECARD, DAY)
    swapper = swapper_over(rating_store, clock)
    assert await rerate(rating_store, swapper, job, EVERYBODY) == Tally(2, 2)
    assert await rerate(rating_store, swapper, job, EVERYBODY) == Tally(2, 0)
    ratings = await rating_store.ratings([ANA, BIA, CAIO])
    assert {rating.assessment.model_version for rating in ratings.values()} == {"2027-1"}
    histories = await rating_store.histories([ANA])
    assert [each.assessment.model_version for each in histories[ANA]] == ["2027-1", "2026-1"]
    assert (await rating_store.rows([ANA]))[ANA].updated_at == clock.now()


async def test_a_later_day_moves_what_depends_on_the_calendar(rating_store: RatingStore) -> None:
    """A loan that has become overdue since costs points, by the same scorecard."""
    clock = FixedClock()
    await rated(rating_store, clock, ANA)
    job = Job(SCORECARD, DAY + dt.timedelta(days=11))
    assert await rerate(rating_store, swapper_over(rating_store, clock), job, EVERYBODY) == Tally(1, 1)
    assert (await rating_store.rows([ANA]))[ANA].features.overdue_count == 1


class EventInBetween:
    """A store in which an event comes in between reading a record and writing it."""

    def __init__(self, store: RatingStore, inbox: Inbox) -> None:
        self._store = store
        self._inbox: Inbox | None = inbox
        self.record = store.record

    async def save(self, record: Any, *, expected: Any) -> bool:
        """The event first."""
        inbox, self._inbox = self._inbox, None
        if inbox is not None:
            await inbox.apply_profile(profile_event(record.customer_id, 2))
        return await self._store.save(record, expected=expected)


async def test_an_event_in_between_is_not_lost(rating_store: RatingStore) -> None:
    """The newer profile stays, and is rated by the new scorecard."""
    clock = FixedClock()
    inbox = await rated(rating_store, clock, ANA)
    store = EventInBetween(rating_store, inbox)
    job = Job(NEW_SCORECARD, DAY)
    assert await rerate(rating_store, swapper_over(store, clock), job, EVERYBODY) == Tally(1, 1)
    rating = (await rating_store.ratings([ANA]))[ANA]
    assert (rating.source_version, rating.assessment.model_version) == (2, "2027-1")


def test_ranges_leave_nobody_out() -> None:
    """They touch each other, begin before the first id and end with the last."""
    ids = sorted(uuid.uuid4() for _ in range(7))
    assert list(ranges_of(ids, 3)) == [Range(None, ids[2]), Range(ids[2], ids[5]), Range(ids[5], ids[6])]
    assert list(ranges_of([], 3)) == []


class InlinePool:
    """A pool that does a task when its result is taken."""

    workers = 1

    def __init__(self) -> None:
        self._tasks: list[Callable[[], Tally]] = []
        self.most = 0

    @property
    def waiting(self) -> int:
        """Tasks handed out."""
        return len(self._tasks)

    def submit(self, task: object, job: Job, place: Range) -> None:
        """Remember the task."""
        self._tasks.append(lambda: Tally(1, 0))
        self.most = max(self.most, len(self._tasks))

    def take(self) -> Tally:
        """The next result."""
        return self._tasks.pop(0)()


def test_tasks_are_handed_out_a_few_at_a_time() -> None:
    """However many ranges there are, only a few for each worker wait at the scheduler; all are counted."""
    pool: Any = InlinePool()
    seen: list[Tally] = []
    ranges = ranges_of([uuid.UUID(int=number) for number in range(100)], 1)
    assert recompute(pool, Job(SCORECARD, DAY), ranges, seen.append) == Tally(100, 0)
    assert (len(seen), pool.most) == (100, 4)
