"""Knows every event that was committed, watches what becomes of it, and complains of broken promises."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from subgraphs.rating.domain.record import Record

__all__ = ["Checker", "Committed", "Violation"]


class Violation(AssertionError):
    """A promise was broken."""


@dataclass(frozen=True, slots=True)
class Committed:
    """An event whose transaction was committed."""

    id: UUID
    customer_id: UUID
    type: str
    sequence: int
    queue: str
    data: Mapping[str, object]
    #: The reason with which it must end in the DLQ, because no target can ever take it.
    poison: str | None = None
    #: How often its target fails at it before it takes it.
    failures: int = 0


@dataclass(slots=True)
class Checker:
    """The run's witness; `broken` lists what it saw going wrong, with the first reason first."""

    committed: dict[str, Committed] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    #: Effects by event id.
    effects: Counter[str] = field(default_factory=Counter)
    #: Ids of events that a target said it has.
    answered: set[str] = field(default_factory=set)
    erased: dict[UUID, Committed] = field(default_factory=dict)
    #: By event id, the reasons with which it was ever sent to a DLQ.
    reasons: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    #: A queue was lost: events that wait in it come again, and what was sent meanwhile may be before them.
    queue_lost: bool = False
    #: A table without a route was used: its events may go to the DLQ and wait there for an operator.
    route_removed: bool = False
    _copies: itertools.count[int] = field(default_factory=itertools.count)
    _by_customer: defaultdict[UUID, list[Committed]] = field(default_factory=lambda: defaultdict(list))

    def commit(self, event: Committed) -> None:
        """It will have happened, whatever comes."""
        self.committed[str(event.id)] = event
        self._by_customer[event.customer_id].append(event)

    def of_customer(self, customer: UUID, queue: str) -> list[Committed]:
        """The customer's events for this queue, in order."""
        return [event for event in self._by_customer[customer] if event.queue == queue]

    def next_copy(self) -> int:
        """A number for a copy of a message."""
        return next(self._copies)

    def may_come_late(self, event_id: str) -> bool:
        """Whether a copy of it may arrive at any time: one that nobody can apply would bring itself back."""
        event = self.committed.get(event_id)
        return event is not None and event.poison is None and not event.failures

    def sent(self, event_id: str) -> None:
        """The relay sent it."""
        if event_id not in self.committed:
            self.complain(f"{event_id} was published before its commit")

    def dead_lettered(self, queue: str, attributes: Mapping[str, str]) -> None:
        """It went to a DLQ."""
        if not queue.endswith("-dlq.fifo"):
            return  # an operator's redrive
        reason, event_id = attributes.get("reason", ""), attributes.get("event_id", "")
        event = self.committed.get(event_id)
        if event is None:
            if reason != "UNDECODABLE_BODY":
                self.complain(f"a stranger's message is in the DLQ as {reason}")
            return
        self.reasons[event_id].add(reason)
        if reason == event.poison or (event.failures and reason == "ATTEMPTS_EXHAUSTED"):
            return
        if not (reason == "UNROUTABLE" and self.route_removed):
            self.complain(f"{event_id}, which can be applied, is in the DLQ: {reason}")

    def saved(self, before: Record | None, after: Record) -> None:
        """The rating store swapped a record."""
        if before is not None and after.version < before.version and not after.erased:
            self.complain(f"{after.customer_id}: version {before.version} became {after.version}")
        if before is not None and before.erased and not after.erased:
            self.complain(f"{after.customer_id} came back after its erasure")
        known = {rating.source_event for rating in before.history} if before is not None else set()
        came = [rating.source_event for rating in after.history if rating.source_event not in known]
        if len({rating.source_event for rating in after.history}) != len(after.history):
            self.complain(f"{after.customer_id}: an event is in its history twice")
        if after.erased:
            came.append(after.event_id)
        for event_id in came:
            self.took_effect(str(event_id), ordered=not after.erased)

    def took_effect(self, event_id: str, *, ordered: bool) -> None:
        """A target has the event's effect now, for the first time."""
        self.effects[event_id] += 1
        event = self.committed.get(event_id)
        if event is None:
            self.complain(f"{event_id} was applied but never committed")
            return
        if self.effects[event_id] > 1:
            self.complain(f"{event_id} took effect {self.effects[event_id]} times")
        if event.poison is not None:
            self.complain(f"{event_id}, which must be refused, was applied")
        if ordered and not self.queue_lost:
            self._check_order(event)

    def _check_order(self, event: Committed) -> None:
        if event.customer_id in self.erased:
            return
        for earlier in self.of_customer(event.customer_id, event.queue):
            if earlier.sequence >= event.sequence:
                return
            if not self.effects[str(earlier.id)] and not self.reasons[str(earlier.id)] and not earlier.poison:
                self.complain(
                    f"{event.customer_id}: version {event.sequence} was applied before {earlier.sequence}"
                )

    def complain(self, what: str) -> None:
        """Note a broken promise."""
        if len(self.broken) < 20:
            self.broken.append(what)
