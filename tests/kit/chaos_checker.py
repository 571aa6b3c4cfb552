"""Judges a run: what the clients were told against what the stores hold. Pure.

An accepted mutation is in every store that it concerns, once. One of unknown outcome is there as a whole or
not at all, by its idempotency key. A refused one is nowhere. Nothing is there that nobody sent. What one
customer's versions became, and when its events were published first, is in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from kernel.events import CUSTOMER_ACTIVITY, CUSTOMER_ERASED
from subgraphs.rating.domain.record import MAX_HISTORY
from tests.kit.chaos_facts import Event, Facts, RatingFacts
from tests.kit.ledger import PROFILE_CHANGES, Entry, Ledger, Outcome

__all__ = ["Verdict", "judge"]

_RATING_QUEUE = "customer-rating.fifo"


@dataclass(slots=True)
class Verdict:
    """What is not as it must be."""

    #: May still come while events are under way; in the end it is lost.
    missing: list[str] = field(default_factory=list)
    #: How many effects these are.
    lacking: int = 0
    #: Will never be right: doubled, half done, out of order, or from nowhere.
    wrong: list[str] = field(default_factory=list)
    #: Unknown outcomes that turned out to be applied, and not.
    unknown_applied: int = 0
    unknown_absent: int = 0

    def lacks(self, what: str, effects: int = 1) -> None:
        """So many effects are not there yet."""
        self.missing.append(what)
        self.lacking += effects

    @property
    def clean(self) -> bool:
        """Nothing lost, nothing doubled, order right."""
        return not self.missing and not self.wrong


def judge(ledger: Ledger, facts: Facts, hash_of: Callable[[str], bytes]) -> Verdict:
    """Compare; `hash_of` turns an idempotency key into what the customer subgraph stores of it."""
    verdict = Verdict(wrong=list(ledger.wrong))
    explained: set[str] = set()
    for entry in ledger.entries.values():
        explained |= _judge_entry(entry, facts, facts.customer.remembered.get(hash_of(entry.key)), verdict)
    verdict.wrong += [
        f"event {event} comes from no mutation" for event in facts.customer.events.keys() - explained
    ]
    verdict.wrong += [
        f"activity {event} comes from no event"
        for event in facts.activity.events.keys() - facts.customer.events.keys()
    ]
    for one in _customers(facts):
        _judge_customer(one, verdict)
    verdict.wrong += _disorder(facts)
    return verdict


@dataclass(slots=True)
class _Customer:
    """All that the stores hold of one."""

    id: str
    version: int
    erased: bool
    rating: RatingFacts | None
    #: Whether the activity store holds a tombstone.
    forgotten: bool
    events: list[Event] = field(default_factory=list)
    #: Events in the activity store.
    recorded: set[str] = field(default_factory=set)


def _customers(facts: Facts) -> Iterable[_Customer]:
    found = {
        one: _Customer(one, version, erased, facts.rating.get(one), one in facts.activity.erased)
        for one, (version, erased) in facts.customer.customers.items()
    }
    for event in facts.customer.events.values():
        found[event.customer_id].events.append(event)
    for event_id, owner in facts.activity.events.items():
        if owner in found:
            found[owner].recorded.add(event_id)
    return found.values()


def _judge_entry(entry: Entry, facts: Facts, event_id: str | None, verdict: Verdict) -> set[str]:
    """Judge one mutation; the events that it explains."""
    what = f"{entry.outcome} {entry.mutation} {entry.key}"
    if entry.outcome is Outcome.UNKNOWN:
        verdict.unknown_applied += event_id is not None
        verdict.unknown_absent += event_id is None
    if entry.outcome is Outcome.ACCEPTED:
        told = str((entry.receipt or {}).get("eventId"))
        if event_id is None:
            verdict.wrong.append(f"{what} is lost: PostgreSQL knows nothing of it")
            return set()
        if told != event_id:
            verdict.wrong.append(f"{what} was told event {told}, and is {event_id}")
    elif entry.outcome is Outcome.REFUSED and event_id is not None:
        verdict.wrong.append(f"{what} was applied as {event_id}")
    event = facts.customer.events.get(event_id or "")
    if event is None:
        if event_id is not None:
            verdict.wrong.append(f"{what} is half done: event {event_id} is not in the outbox")
        if facts.customer.marked.get(entry.key) or facts.activity.marked.get(entry.key):
            verdict.wrong.append(f"{what} is half done: its marker is in a store, its event is not")
        return set()
    return _judge_applied(entry, event, facts, verdict)


def _judge_applied(entry: Entry, event: Event, facts: Facts, verdict: Verdict) -> set[str]:
    what = f"{entry.outcome} {entry.mutation} {entry.key} (event {event.id})"
    erased = facts.customer.customers[event.customer_id][1]
    if entry.mutation == "eraseCustomer":
        if not erased:
            verdict.wrong.append(f"{what} did not erase {event.customer_id}")
        return {
            other.id
            for other in facts.customer.events.values()
            if other.customer_id == event.customer_id and other.type == CUSTOMER_ERASED
        }
    if not erased:
        rows = facts.customer.marked.get(entry.key, [])
        if entry.mutation in PROFILE_CHANGES and rows != [event.customer_id]:
            verdict.wrong.append(f"{what} has rows of {rows} in PostgreSQL")
        copies = facts.activity.marked.get(entry.key, 0)
        if event.type == CUSTOMER_ACTIVITY and copies > 1:
            verdict.wrong.append(f"{what} is {copies} times in the activity store")
    return {event.id}


def _judge_customer(one: _Customer, verdict: Verdict) -> None:
    versions = sorted(
        (event.sequence, event.id)
        for event in one.events
        if event.type != CUSTOMER_ACTIVITY and event.queue == _RATING_QUEUE
    )
    if [sequence for sequence, _ in versions] != list(range(1, one.version + 1)):
        verdict.wrong.append(f"{one.id} of version {one.version} has the events {versions}")
    unpublished = [event.id for event in one.events if not event.published]
    if unpublished:
        verdict.lacks(f"{one.id}: {len(unpublished)} events are not published", len(unpublished))
    if one.erased:
        _judge_erased(one, verdict)
        return
    wanted = versions[::-1][:MAX_HISTORY]
    kept = [] if one.rating is None else list(one.rating.history)
    if len({event for _, event in kept}) != len(kept):
        verdict.wrong.append(f"{one.id}: an event is twice in the rating's history: {kept}")
    elif kept != wanted:
        lacking = sorted(sequence for sequence, _ in set(wanted) - set(kept))
        verdict.lacks(f"{one.id}: of {one.version} versions, the rating lacks {lacking}", len(lacking))
    lacking_events = {event.id for event in one.events if event.type == CUSTOMER_ACTIVITY} - one.recorded
    if lacking_events:
        what = f"{one.id}: the activity store lacks {sorted(lacking_events)}"
        verdict.lacks(what, len(lacking_events))


def _judge_erased(one: _Customer, verdict: Verdict) -> None:
    if one.rating is None or not one.rating.erased:
        verdict.lacks(f"{one.id}: not erased from MongoDB")
    if not one.forgotten:
        verdict.lacks(f"{one.id}: not erased from the activity store")
    elif one.recorded:
        verdict.wrong.append(f"{one.id}: erased, but the activity store has {len(one.recorded)} events")
    verdict.wrong += [f"{event.id}: erased, but not wiped" for event in one.events if not event.wiped]


def _disorder(facts: Facts) -> Iterator[str]:
    for customer, versions in facts.applied.items():
        if any(later <= earlier for earlier, later in pairwise(versions)):
            yield f"{customer}: its rating came from versions {versions}"
    for (queue, customer), events in facts.published.items():
        positions = [
            facts.customer.events[event].position for event in events if event in facts.customer.events
        ]
        if positions != sorted(positions):
            yield f"{customer}: first published to {queue} in the order {events}"
        if len(positions) != len(events):
            yield f"{customer}: something was published to {queue} that was never committed"
