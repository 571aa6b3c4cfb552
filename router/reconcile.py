"""Compare what was published with what the copies have, and publish again what they lack.

Pages through the outbox of the customer subgraph by GraphQL; nothing is kept but one page, so it works on
millions of events.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kernel.telemetry import get_logger

__all__ = ["COMPARISONS", "Comparison", "Event", "Pair", "Report", "by_event", "by_version", "reconcile"]

log = get_logger()

#: Events of one page, and ids of one question; the subgraphs allow no more.
PAGE = 500

_EVENTS = """
query ReconcileEvents($queue: String!, $before: DateTime!, $first: Int!, $after: String) {
  outboxEvents(queue: $queue, publishedBefore: $before, first: $first, after: $after) {
    nodes { eventId customerId type sequence }
    endCursor
  }
}
"""
_REPUBLISH = "mutation Republish($ids: [ID!]!) { republishEvents(eventIds: $ids) }"
_VERSIONS = """
query AppliedVersions($ids: [ID!]!) { appliedVersions(customerIds: $ids) { customerId version erased } }
"""
_MISSING = "query MissingEvents($ids: [ID!]!) { missingEvents(eventIds: $ids) }"


class Asking(Protocol):
    """A GraphQL endpoint."""

    async def ask(self, document: str, variables: Mapping[str, object]) -> dict[str, object]:
        """The answer's data."""
        ...


@dataclass(frozen=True, slots=True)
class Event:
    """An event that was published."""

    id: str
    customer_id: str
    type: str
    sequence: int


@dataclass(slots=True)
class Report:
    """What was found."""

    compared: int = 0
    behind: int = 0
    republished: int = 0


#: Which of these events the copy lacks.
Comparison = Callable[[Asking, Sequence[Event]], Awaitable[list[Event]]]


async def by_version(copy: Asking, events: Sequence[Event]) -> list[Event]:
    """For copies of a state: an event is lacking when the copy's version of the customer is older."""
    ids = sorted({event.customer_id for event in events})
    answer = await copy.ask(_VERSIONS, {"ids": ids})
    applied = {one["customerId"]: one for one in _list(answer["appliedVersions"])}

    def lacks(event: Event) -> bool:
        state = applied.get(event.customer_id)
        if state is None:
            return True
        if event.type.startswith("customer.erased."):
            return not state["erased"]
        # Nothing applies after an erasure.
        return not state["erased"] and int(str(state["version"])) < event.sequence

    return [event for event in events if lacks(event)]


async def by_event(copy: Asking, events: Sequence[Event]) -> list[Event]:
    """For copies of events: the copy says which ids it does not know."""
    answer = await copy.ask(_MISSING, {"ids": [event.id for event in events]})
    missing = answer["missingEvents"]
    lacking = set(missing) if isinstance(missing, list) else set()
    return [event for event in events if event.id in lacking]


#: By target, how its copy is compared.
COMPARISONS: Mapping[str, Comparison] = {"rating": by_version, "activity": by_event}


@dataclass(frozen=True, slots=True)
class Pair:
    """A queue of the customer subgraph, and the copy that it feeds."""

    queue: str
    copy: Asking
    compare: Comparison


async def reconcile(
    source: Asking, pair: Pair, before: datetime, *, repair: bool, progress: Callable[[int], object]
) -> Report:
    """Compare all events that were published before that instant; with `repair` publish again what lacks.

    `progress` is told how many events each page had. Later events may well be on their way, and SQS would
    drop what it was sent less than five minutes ago.
    """
    report = Report()
    async for events in _pages(source, pair.queue, before):
        lacking = await pair.compare(pair.copy, events)
        report.compared += len(events)
        report.behind += len(lacking)
        for event in lacking:
            log.info(
                "router.event_missed", queue=pair.queue, event_id=event.id, customer_id=event.customer_id
            )
        if repair and lacking:
            answer = await source.ask(_REPUBLISH, {"ids": [event.id for event in lacking]})
            report.republished += int(str(answer["republishEvents"]))
        progress(len(events))
    return report


async def _pages(source: Asking, queue: str, before: datetime) -> AsyncIterator[list[Event]]:
    after: object = None
    while True:
        variables = {"queue": queue, "before": before.isoformat(), "first": PAGE, "after": after}
        page = (await source.ask(_EVENTS, variables))["outboxEvents"]
        assert isinstance(page, dict), "by the schema"
        events = [
            Event(one["eventId"], one["customerId"], one["type"], one["sequence"]) for one in page["nodes"]
        ]
        if events:
            yield events
        after = page["endCursor"]
        if after is None:
            return


def _list(value: object) -> list[dict[str, object]]:
    assert isinstance(value, list), "by the schema"
    return value
