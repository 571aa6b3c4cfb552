"""Pages of changes: nothing is missed, whatever the writers do meanwhile."""

from __future__ import annotations

import uuid

from subgraphs.rating.domain.scorecard import load_scorecard
from subgraphs.rating.extraction import BulkReader, Reader, position
from subgraphs.rating.inbox import Inbox
from subgraphs.rating.store import RatingStore, Row
from subgraphs.rating.store.mapping import start_of
from subgraphs.rating.swap import Swapper
from tests.kit.rating import NOON, FixedClock, profile_event

SETTLE = 0.25


class LateWriter:
    """A store in which a change with an earlier moment becomes visible after the first read."""

    def __init__(self, early: Row, late: Row) -> None:
        self._rows = [early, late]
        self._reads = 0

    async def changes(self, after: str, until: str, limit: int) -> list[Row]:
        """The first read sees only the later of two changes."""
        self._reads += 1
        visible = self._rows[1:] if self._reads == 1 else self._rows
        return [row for row in visible if after < row.change < until][:limit]


async def two_rows(store: RatingStore, clock: FixedClock) -> list[Row]:
    """Two customers, changed a hundredth of a second after each other."""
    inbox = Inbox(Swapper(store, clock, 3, SETTLE), load_scorecard("2026-1"))
    for _ in range(2):
        await inbox.apply_profile(profile_event(uuid.uuid4(), 1))
        clock.advance(0.01)
    return await store.changes("", "9", 10)


async def test_a_change_that_shows_late_is_not_skipped(rating_store: RatingStore) -> None:
    """A page that ends with a fresh row is read again once everything before that row must be there."""
    clock = FixedClock()
    early, late = await two_rows(rating_store, clock)
    before = clock.now()
    page = await Reader(LateWriter(early, late), clock, SETTLE).page("", 10)
    assert [row.customer_id for row in page.rows] == [early.customer_id, late.customer_id]
    assert 0 < (clock.now() - before).total_seconds() <= SETTLE


async def test_settled_pages_do_not_wait(rating_store: RatingStore) -> None:
    """Rows older than the settling time are answered at once."""
    clock = FixedClock()
    await two_rows(rating_store, clock)
    clock.advance(SETTLE)
    before = clock.now()
    page = await Reader(rating_store, clock, SETTLE).page("", 10)
    assert (len(page.rows), page.has_next, clock.now()) == (2, False, before)


async def test_what_changes_after_the_question_is_the_next_pages(rating_store: RatingStore) -> None:
    """A page ends at the moment at which it was asked for, so that a stream of changes cannot hold it up."""
    clock = FixedClock()
    await two_rows(rating_store, clock)
    behind = FixedClock(NOON)
    page = await Reader(rating_store, behind, SETTLE).page("", 10)
    assert len(page.rows) == 1


async def test_pages_follow_each_other(rating_store: RatingStore) -> None:
    """All rows, each once, in pages of the size asked for."""
    clock = FixedClock()
    await two_rows(rating_store, clock)
    clock.advance(1)
    sizes = [len(page.rows) async for page in Reader(rating_store, clock, SETTLE).pages("", 1)]
    assert sizes == [1, 1]


async def test_what_a_secondary_lacks_comes_from_the_primary(rating_store: RatingStore) -> None:
    """It is asked only for what is older than it may be behind: all rows come, each once, in their order."""
    clock = FixedClock()
    early = await two_rows(rating_store, clock)
    clock.advance(1_000)
    seen_by_secondary = start_of(clock.now())
    clock.advance(50)
    late = (await two_rows(rating_store, clock))[2:]
    clock.advance(30)
    asked: list[str] = []

    async def lagging(after: str, until: str, limit: int) -> list[Row]:
        asked.append(until)
        return await rating_store.changes(after, min(until, seen_by_secondary), limit)

    reader = BulkReader(lagging, 90, Reader(rating_store, clock, SETTLE))
    rows = [
        row for after in ("", early[0].change) async for page in reader.pages(after, 1) for row in page.rows
    ]
    assert rows == [*early, *late, early[1], *late]
    assert max(asked) < seen_by_secondary


def test_a_position_is_the_later_of_cursor_and_moment() -> None:
    """A run that goes on does not fall behind its cursor, and a moment begins with its first change."""
    cursor = start_of(NOON) + str(uuid.uuid4())
    assert position(None, None) == ""
    assert position(cursor, None) == cursor
    assert position(None, NOON) == start_of(NOON)
    assert position(cursor, NOON) == cursor
