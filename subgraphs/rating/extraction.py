"""Feature rows in the order of their changes, so that a run can go on from its last cursor and miss nothing.

A change gets its moment just before it is written, so one moment may become visible after a later one: a
reader that has passed the later one would never see the earlier. Hence two rules. A write that takes longer
than `settle_seconds` from moment to acknowledgement is stamped again (`swap`). And a page that ends with a
row younger than that is read again when the row is old enough: by then everything before it is there. Clocks
of the processes must agree within `settle_seconds` too, which NTP keeps by a wide margin.

A secondary is behind, so the second rule says nothing about it. A long extraction takes from it only what had
changed before any secondary that is asked can be behind, which is nearly everything, and the rest from the
primary.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from subgraphs.rating.clock import Clock
from subgraphs.rating.store import Row
from subgraphs.rating.store.mapping import start_of

__all__ = ["BulkReader", "Changes", "Page", "Pages", "Reader", "position"]

_MILLISECOND = timedelta(milliseconds=1)
#: Seconds for what the driver's estimate of a secondary's staleness does not see: heartbeats, and clocks.
_MARGIN_SECONDS = 30.0


class Changes(Protocol):
    """The part of the store that a reader needs."""

    async def changes(self, after: str, until: str, limit: int) -> list[Row]:
        """Rows between two places in the order of changes, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and whether more changes had happened when they were asked for."""

    rows: Sequence[Row]
    has_next: bool


class Pages(Protocol):
    """What an extraction takes its rows from."""

    def pages(self, after: str, size: int) -> AsyncIterator[Page]:
        """All pages after a place, each non-empty."""
        ...


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads pages of changes."""

    changes: Changes
    clock: Clock
    settle_seconds: float

    async def page(self, after: str, size: int) -> Page:
        """The next `size` rows after a place; waits for at most `settle_seconds`."""
        # Later changes are the next page's: otherwise a page could be waited for without an end.
        until = start_of(self.clock.now() + _MILLISECOND)
        rows = await self.changes.changes(after, until, size + 1)
        if rows:
            age = (self.clock.now() - rows[-1].updated_at).total_seconds()
            if age < self.settle_seconds:
                await self.clock.sleep(self.settle_seconds - age)
                rows = await self.changes.changes(after, until, size + 1)
        return Page(rows[:size], has_next=len(rows) > size)

    async def pages(self, after: str, size: int) -> AsyncIterator[Page]:
        """All pages up to now, each non-empty."""
        while True:
            page = await self.page(after, size)
            if page.rows:
                yield page
                after = page.rows[-1].change
            if not page.has_next:
                return


@dataclass(frozen=True, slots=True)
class BulkReader:
    """Old changes from a secondary, and the young ones from the primary."""

    #: As `Changes.changes`, from a secondary that is at most `lag_seconds` behind.
    lagging: Callable[[str, str, int], Awaitable[list[Row]]]
    lag_seconds: float
    primary: Reader

    async def pages(self, after: str, size: int) -> AsyncIterator[Page]:
        """All pages up to now, each non-empty; misses nothing that `primary` alone would find.

        Of a customer who was erased less than `lag_seconds` ago a row may come, as it would have come then.
        """
        behind = timedelta(seconds=self.lag_seconds + self.primary.settle_seconds + _MARGIN_SECONDS)
        until = start_of(self.primary.clock.now() - behind)
        while rows := await self.lagging(after, until, size) if after < until else []:
            yield Page(rows, has_next=True)
            after = rows[-1].change
        async for page in self.primary.pages(after, size):
            yield page


def position(after: str | None, since: datetime | None) -> str:
    """Where to begin: after a place, and not before a moment."""
    return max(after or "", start_of(since) if since is not None else "")
