"""Fields for the router's `reconcile`, outside of the public graph: what was published, and do it again."""

# No `from __future__ import annotations` here: Strawberry evaluates the annotations of the resolvers below.

import datetime

import strawberry
from strawberry import ID

from subgraphs.customer.entities import CustomerInfo, available
from subgraphs.customer.fields import field
from subgraphs.customer.outbox import QUEUES
from subgraphs.customer.store.reconciliation import EventPage, PublishedEvent, published_events, republish
from subgraphs.edge import cursor
from subgraphs.edge.errors import BadUserInput
from subgraphs.edge.references import entity_id

__all__ = ["ReconciliationMutation", "ReconciliationQuery"]

_SYNC = [["sync:apply"]]
_CURSOR_KIND = "outbox"
#: Events of a page, and of one `republishEvents`.
MAX_EVENTS = 500
_MAX_POSITION = 2**63 - 1


@strawberry.federation.type(
    inaccessible=True, description="An event that was published, without what it said."
)
class OutboxEvent:
    event_id: ID
    customer_id: ID
    type: str
    sequence: int = strawberry.field(description="Customer.version at the commit.")


@strawberry.federation.type(inaccessible=True)
class OutboxEventPage:
    nodes: list[OutboxEvent]
    end_cursor: str | None = strawberry.field(description="Where the next page begins; null after the last.")


@strawberry.type
class ReconciliationQuery:
    """Root fields of Query."""

    @field(
        inaccessible=True,
        scopes=_SYNC,
        description="A queue's published events, oldest first: of each customer's profiles the newest only, "
        "and nothing that an erasure wiped.",
    )
    async def outbox_events(
        self,
        info: CustomerInfo,
        queue: str,
        published_before: datetime.datetime,
        first: int | None = MAX_EVENTS,
        after: str | None = None,
    ) -> OutboxEventPage:
        """One page."""
        if queue not in QUEUES.values():
            raise BadUserInput(f"queue must be one of {', '.join(QUEUES.values())}.")
        size = cursor.page_size(first, MAX_EVENTS, default=MAX_EVENTS)
        page = EventPage(queue, published_before, _position(after), size)
        events = await available(published_events(info.context.store.database, page))
        last = events[-1] if events and len(events) == size else None
        return OutboxEventPage(
            nodes=[_event(event) for event in events],
            end_cursor=cursor.encode(_CURSOR_KIND, [last.position]) if last is not None else None,
        )


@strawberry.type
class ReconciliationMutation:
    """Root fields of Mutation."""

    @field(
        inaccessible=True,
        scopes=_SYNC,
        description="These events wait for the relay again; answers how many there were. Copies absorb what "
        "they have. SQS drops an event that it was sent within the last five minutes.",
    )
    async def republish_events(self, info: CustomerInfo, event_ids: list[ID]) -> int:
        """At most `MAX_EVENTS` at once."""
        if len(event_ids) > MAX_EVENTS:
            raise BadUserInput(f"eventIds has at most {MAX_EVENTS} ids.")
        ids = [entity_id(value) for value in event_ids]
        return await available(republish(info.context.store.database, ids))


def _event(event: PublishedEvent) -> OutboxEvent:
    return OutboxEvent(
        event_id=ID(str(event.id)),
        customer_id=ID(str(event.customer_id)),
        type=event.type,
        sequence=event.sequence,
    )


def _position(after: str | None) -> int:
    if after is None:
        return 0
    match cursor.decode(_CURSOR_KIND, after):
        case [int(position)] if not isinstance(position, bool) and 0 <= position <= _MAX_POSITION:
            return position
        case _:
            raise BadUserInput("after is not a cursor of outboxEvents.")
