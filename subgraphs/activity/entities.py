"""The output types of the activity graph, and how domain values become them."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Self, TypeVar, assert_never

import strawberry

from subgraphs.activity import filters
from subgraphs.activity.context import Info
from subgraphs.activity.domain import Event, MonthTotal, reais, to_micros
from subgraphs.activity.enums import ActivityKind, Direction
from subgraphs.activity.store.port import Page
from subgraphs.edge import cursor
from subgraphs.edge.errors import BadUserInput
from subgraphs.edge.fields import field
from subgraphs.edge.references import Reference
from subgraphs.edge.scalars import DateTime, Decimal

__all__ = [
    "ActivityConnection",
    "ActivityEdge",
    "ActivityEvent",
    "BureauQuery",
    "CardPurchase",
    "Customer",
    "MonthlySpending",
    "Movement",
    "PageInfo",
    "connection_of",
    "event_node",
]

T = TypeVar("T")

#: Months of `monthlySpending`: for 1,000 customers still below Elasticsearch's limit of 65,536 buckets.
MAX_MONTHS = 60


@strawberry.interface(description="Something that happened, once, and never changes.")
class ActivityEvent:
    """The fields that all kinds of events have."""

    id: strawberry.ID
    occurred_at: DateTime
    customer: Annotated[Customer, strawberry.lazy("subgraphs.activity.entities")]
    kind: ActivityKind


@strawberry.type(description="A purchase by card.")
class CardPurchase(ActivityEvent):
    """An event of kind CARD_PURCHASE."""

    amount: Decimal
    merchant: str
    category: str | None
    card_last4: str = strawberry.field(name="cardLast4")


@strawberry.type(description="Somebody asked a credit bureau about the customer's CPF.")
class BureauQuery(ActivityEvent):
    """An event of kind BUREAU_QUERY."""

    bureau: str
    reason: str | None


@strawberry.type(description="Money into or out of an account of the customer.")
class Movement(ActivityEvent):
    """An event of kind MOVEMENT."""

    amount: Decimal
    direction: Direction
    description: str


@strawberry.federation.type(shareable=True)
class PageInfo:
    """Where a page stands among its neighbours."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class ActivityEdge:
    """One event and the cursor to go on after it."""

    cursor: str
    node: ActivityEvent


@strawberry.type(description="Newest first, then by descending id; stable while events are added.")
class ActivityConnection:
    """One page of events."""

    edges: list[ActivityEdge]
    page_info: PageInfo
    # Counting is a read of its own, made only when the field is asked for.
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @field()
    def nodes(self) -> list[ActivityEvent]:
        """The events without their cursors."""
        return [edge.node for edge in self.edges]

    @field(description="How many events match the filter on all pages together, exactly.")
    async def total_count(self) -> int:
        """The exact count."""
        return await self.count()


@strawberry.type
class MonthlySpending:
    """Card purchases of one calendar month, in UTC."""

    month: str = strawberry.field(description="First day of the month, YYYY-MM-01.")
    total: Decimal
    purchases: int

    @classmethod
    def of(cls, total: MonthTotal) -> Self:
        """The graph's form of the store's answer."""
        return cls(month=total.month, total=reais(total.total), purchases=total.purchases)


@strawberry.federation.type(keys=["id"])
class Customer:
    """A customer as this subgraph knows one: an id that events refer to."""

    id: strawberry.ID
    key: strawberry.Private[uuid.UUID]

    @classmethod
    def of(cls, key: uuid.UUID) -> Self:
        """The customer with that id, whether or not there are events."""
        return cls(id=strawberry.ID(str(key)), key=key)

    @classmethod
    async def resolve_references(cls, info: Info, references: Sequence[Reference]) -> Sequence[Self]:
        """Every id is answered: whether the customer exists is the customer subgraph's to say."""
        info.context.touch(reference.id for reference in references)
        return [cls.of(reference.id) for reference in references]

    @field(description="Last query of the customer's CPF at a credit bureau.")
    async def last_bureau_query(self, info: Info) -> BureauQuery | None:
        """One read for all customers of the request."""
        event = await info.context.loaders.latest.load((self.key, ActivityKind.BUREAU_QUERY))
        return _bureau_query(event) if event else None

    @field()
    async def last_card_purchase(self, info: Info) -> CardPurchase | None:
        """One read for all customers of the request."""
        event = await info.context.loaders.latest.load((self.key, ActivityKind.CARD_PURCHASE))
        return _card_purchase(event) if event else None

    @field()
    async def activity(
        self,
        info: Info,
        filter: filters.ActivityFilter | None = None,
        first: int | None = 20,
        after: str | None = None,
    ) -> ActivityConnection:
        """The customer's events; one read for all customers that are asked alike."""
        # A cursor of another customer's activity is not one of this connection.
        kind = f"activity:{self.key}"
        request = filters.page_request(kind, filter, first, after)
        loaders = info.context.loaders
        page = await loaders.pages.load((self.key, request))
        return connection_of(
            kind, page, lambda: loaders.counts.load((self.key, request.filter)), continued=after is not None
        )

    @field(description="Card purchases summed by calendar month, newest first.")
    async def monthly_spending(self, info: Info, months: int | None = 12) -> list[MonthlySpending]:
        """The newest `months` months with a purchase."""
        wanted = 12 if months is None else months
        if not 1 <= wanted <= MAX_MONTHS:
            raise BadUserInput(f"months must be from 1 to {MAX_MONTHS}.")
        totals = await info.context.loaders.spending.load((self.key, wanted))
        return [MonthlySpending.of(total) for total in totals]


def connection_of(
    kind: str, page: Page, count: Callable[[], Awaitable[int]], *, continued: bool
) -> ActivityConnection:
    """The page as a connection whose cursors are of `kind`; `continued` when it began after a cursor."""
    edges = [
        ActivityEdge(
            cursor=cursor.encode(kind, [to_micros(event.occurred_at), str(event.id)]), node=event_node(event)
        )
        for event in page.events
    ]
    return ActivityConnection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=continued,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
        count=count,
    )


def event_node(event: Event) -> ActivityEvent:
    """The event as the object type of its kind."""
    match event.kind:
        case ActivityKind.CARD_PURCHASE:
            return _card_purchase(event)
        case ActivityKind.BUREAU_QUERY:
            return _bureau_query(event)
        case ActivityKind.MOVEMENT:
            return _movement(event)
    assert_never(event.kind)


def _card_purchase(event: Event) -> CardPurchase:
    return CardPurchase(
        id=strawberry.ID(str(event.id)),
        occurred_at=event.occurred_at,
        customer=Customer.of(event.customer_id),
        kind=event.kind,
        amount=reais(_present(event.amount)),
        merchant=_present(event.merchant),
        category=event.category,
        card_last4=_present(event.card_last4),
    )


def _bureau_query(event: Event) -> BureauQuery:
    return BureauQuery(
        id=strawberry.ID(str(event.id)),
        occurred_at=event.occurred_at,
        customer=Customer.of(event.customer_id),
        kind=event.kind,
        bureau=_present(event.bureau),
        reason=event.reason,
    )


def _movement(event: Event) -> Movement:
    return Movement(
        id=strawberry.ID(str(event.id)),
        occurred_at=event.occurred_at,
        customer=Customer.of(event.customer_id),
        kind=event.kind,
        amount=reais(_present(event.amount)),
        direction=_present(event.direction),
        description=_present(event.description),
    )


def _present(value: T | None) -> T:
    """A field that the event's kind always has: `domain.checked` let no event in without it."""
    if value is None:
        raise TypeError("a stored event lacks a field of its kind")
    return value
