"""What the subgraph needs of a store. Two adapters keep it: `elastic` and `embedded`.

`tests/contract/test_activity_store.py` states every promise below and runs against both.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from subgraphs.activity.domain import (
    ActivityKind,
    Bucket,
    Erasure,
    Event,
    HistogramInterval,
    MonthTotal,
    Outcome,
)
from subgraphs.edge.errors import TemporarilyUnavailable

__all__ = [
    "ActivityStore",
    "EraseResult",
    "Filter",
    "HistogramRequest",
    "Page",
    "PageRequest",
    "Position",
    "StoreUnavailable",
]


class StoreUnavailable(TemporarilyUnavailable):
    """The store did not answer, or not in time. Nothing is known about an attempted write."""


@dataclass(frozen=True, slots=True)
class Position:
    """The place of an event in the order of all pages: newest first, then by descending id."""

    #: Microseconds since 1970.
    occurred: int
    event_id: uuid.UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which events; None does not restrict. An empty `kinds` matches nothing."""

    kinds: tuple[ActivityKind, ...] | None = None
    #: Inclusive.
    since: dt.datetime | None = None
    #: Exclusive.
    until: dt.datetime | None = None
    #: Words that must all occur in the event's texts, in any case, with or without accents, singular or
    #: plural; Portuguese stop words do not count. No word left: nothing matches. There are no operators.
    search: str | None = None
    #: Centavos, inclusive. Events without an amount do not match when one of the two is set.
    min_amount: int | None = None
    max_amount: int | None = None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """At most `limit` events after `after`."""

    filter: Filter
    limit: int
    after: Position | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Events in order, and whether more follow."""

    events: Sequence[Event]
    has_next: bool


@dataclass(frozen=True, slots=True)
class HistogramRequest:
    """Buckets of `interval` between `since` (inclusive) and `until` (exclusive)."""

    interval: HistogramInterval
    since: dt.datetime
    until: dt.datetime
    kinds: tuple[ActivityKind, ...] | None = None


@dataclass(frozen=True, slots=True)
class EraseResult:
    """`version` is that of the erasure which holds now."""

    outcome: Outcome
    version: int


class ActivityStore(Protocol):
    """All methods raise `StoreUnavailable` when the store cannot answer, and nothing else of the driver's.

    Each read is one statement (or one HTTP request) however many customers are asked for. What `record` has
    acknowledged is durable; `missing` and `erase` see it at once, the other reads within half a second. What
    `erase` has acknowledged no read sees any more.
    """

    async def open(self) -> None:
        """Connect, and lay the schema where there is none yet. To be called once, before anything else."""
        ...

    async def close(self) -> None:
        """Give everything back. May be called without `open`."""
        ...

    async def migrate(self) -> str:
        """Bring schema and data to this version; repeatable. Answers what was done, in one line."""
        ...

    async def expire(self, before: dt.datetime) -> int:
        """Delete all events that occurred before a moment, a few thousand at a time; answers how many.

        For keeping events no longer than one may. A replay of older events brings them back.
        """
        ...

    async def ready(self) -> bool:
        """The store answers and has its schema. Never raises."""
        ...

    async def record(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """Store events, each once for all time by its id; one outcome each, in order.

        STALE when the customer is erased, DUPLICATE when the id is known, APPLIED otherwise.
        """
        ...

    async def erase(self, erasure: Erasure) -> EraseResult:
        """Delete all of the customer's events and refuse later ones, whatever else is running.

        APPLIED the first time, DUPLICATE for the same erasure again, STALE after another one.
        """
        ...

    async def missing(self, event_ids: Sequence[uuid.UUID]) -> Sequence[uuid.UUID]:
        """Those ids, in order, that belong to no stored event and to no erasure."""
        ...

    async def latest(
        self, kind: ActivityKind, customer_ids: Sequence[uuid.UUID]
    ) -> Mapping[uuid.UUID, Event]:
        """The newest event of that kind of each customer that has one."""
        ...

    async def pages(
        self, customer_ids: Sequence[uuid.UUID], request: PageRequest
    ) -> Mapping[uuid.UUID, Page]:
        """The page of each customer; one without events may be absent."""
        ...

    async def counts(self, customer_ids: Sequence[uuid.UUID], events: Filter) -> Mapping[uuid.UUID, int]:
        """How many events match, exactly; a customer without any may be absent."""
        ...

    async def feed(self, request: PageRequest) -> Page:
        """The page over all customers."""
        ...

    async def count(self, events: Filter) -> int:
        """How many events of all customers match, exactly."""
        ...

    async def monthly_spending(
        self, customer_ids: Sequence[uuid.UUID], months: int
    ) -> Mapping[uuid.UUID, Sequence[MonthTotal]]:
        """The newest `months` calendar months in which a customer bought by card, newest first."""
        ...

    async def histogram(self, request: HistogramRequest) -> Sequence[Bucket]:
        """The buckets that are not empty, by start and then by kind."""
        ...
