"""The root fields of the activity subgraph."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable
from typing import Annotated, Self

import strawberry

from subgraphs.activity import entities, filters, inbox
from subgraphs.activity.context import Info
from subgraphs.activity.domain import (
    Bucket,
    bucket_count,
    reais,
)
from subgraphs.activity.enums import ActivityKind, HistogramInterval
from subgraphs.activity.store.port import HistogramRequest
from subgraphs.edge.errors import BadUserInput
from subgraphs.edge.fields import field, mutation
from subgraphs.edge.references import entity_id
from subgraphs.edge.scalars import DateTime, Decimal
from subgraphs.edge.schema import Schema, federated_schema

__all__ = ["build_schema"]

#: Buckets per kind of one histogram: a month and a half of hours, or almost three years of days.
MAX_BUCKETS = 1_000
#: Ids of one `missingEvents`.
MAX_EVENT_IDS = 1_000

_SYNC = [["sync:apply"]]


@strawberry.type(name="HistogramBucket")
class HistogramBucket:
    """Events of one kind in one interval."""

    start: DateTime
    kind: ActivityKind
    count: int
    amount: Decimal

    @classmethod
    def of(cls, bucket: Bucket) -> Self:
        """The graph's form of the store's answer."""
        return cls(start=bucket.start, kind=bucket.kind, count=bucket.count, amount=reais(bucket.amount))


@strawberry.type
class Query:
    """Reads over all customers."""

    @field(authenticated=True)
    async def activity_feed(
        self,
        info: Info,
        filter: filters.ActivityFilter | None = None,
        first: int | None = 20,
        after: str | None = None,
    ) -> entities.ActivityConnection:
        """Events of all customers, newest first."""
        store = info.context.store
        request = filters.page_request("feed", filter, first, after)
        page = await store.feed(request)

        def count() -> Awaitable[int]:
            return store.count(request.filter)

        return entities.connection_of("feed", page, count, continued=after is not None)

    @field(
        authenticated=True,
        description="Buckets that hold events, by start and kind; weeks begin on Monday.",
    )
    async def activity_histogram(
        self,
        info: Info,
        interval: HistogramInterval,
        from_: Annotated[DateTime, strawberry.argument(name="from")],
        to: DateTime,
        kinds: list[ActivityKind] | None = None,
    ) -> list[HistogramBucket]:
        """Counts and sums over time, in UTC."""
        if from_ > to:
            raise BadUserInput("from must not be after to.")
        if bucket_count(interval, from_, to) > MAX_BUCKETS:
            raise BadUserInput(f"from and to must be at most {MAX_BUCKETS} intervals apart.")
        request = HistogramRequest(interval, from_, to, None if kinds is None else tuple(kinds))
        return [HistogramBucket.of(bucket) for bucket in await info.context.store.histogram(request)]

    @field(
        inaccessible=True,
        requires_scopes=_SYNC,
        description="Those of the ids that belong to no applied event: what to send again.",
    )
    async def missing_events(self, info: Info, event_ids: list[strawberry.ID]) -> list[strawberry.ID]:
        """For reconciliation by the router."""
        if len(event_ids) > MAX_EVENT_IDS:
            raise BadUserInput(f"eventIds has at most {MAX_EVENT_IDS} ids.")
        wanted: list[uuid.UUID] = [entity_id(value) for value in event_ids]
        return [strawberry.ID(str(value)) for value in await info.context.store.missing(wanted)]


@strawberry.type
class Mutation:
    """The inbox: not part of the public graph, called by the router on the subgraph itself."""

    @mutation(inaccessible=True, requires_scopes=_SYNC)
    async def record_activity(self, info: Info, event: inbox.ActivityEventInput) -> inbox.ApplyResult:
        """See `inbox.record`."""
        info.context.touch([entity_id(event.customer_id)])
        return await inbox.record(info.context.store, event)

    @mutation(inaccessible=True, requires_scopes=_SYNC)
    async def erase_activity(self, info: Info, event: inbox.ErasureEvent) -> inbox.ApplyResult:
        """See `inbox.erase`."""
        info.context.touch([entity_id(event.customer_id)])
        return await inbox.erase(info.context.store, event)


def build_schema() -> Schema:
    """The subgraph's schema; needs no store and no settings."""
    return federated_schema(
        Query,
        Mutation,
        types=(entities.CardPurchase, entities.BureauQuery, entities.Movement, entities.Customer),
    )
