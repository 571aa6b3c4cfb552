"""The root fields of the rating subgraph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from uuid import UUID

import strawberry

from subgraphs.edge import cursor
from subgraphs.edge.errors import BadUserInput
from subgraphs.edge.fields import field, mutation
from subgraphs.edge.references import entity_id
from subgraphs.edge.scalars import DateTime
from subgraphs.edge.schema import Schema, federated_schema
from subgraphs.rating import entities, inputs
from subgraphs.rating.context import Info
from subgraphs.rating.domain.record import Record
from subgraphs.rating.extraction import position

__all__ = ["build_schema"]

#: Rows of one page of `featureSet`; a row is half a kilobyte.
MAX_PAGE = 500
#: Ids of one `appliedVersions`.
MAX_CUSTOMER_IDS = 1_000

_ML = [["ml:read"]]
_SYNC = [["sync:apply"]]


@strawberry.type
class Query:
    """Reads over all customers."""

    @field(authenticated=True, description="Customers by band, best band first.")
    async def rating_distribution(self, info: Info) -> list[entities.RatingBucket]:
        """One aggregation."""
        return [entities.RatingBucket.of(total) for total in await info.context.store.band_totals()]

    @field(
        requires_scopes=_ML,
        description="Rows for machine-learning flows, oldest change first, so that a run can go on from its "
        "last cursor.",
    )
    async def feature_set(
        self,
        info: Info,
        first: int | None = 500,
        after: str | None = None,
        updated_since: DateTime | None = None,
    ) -> entities.FeatureConnection:
        """One page; see `extraction` for what a cursor promises."""
        size = cursor.page_size(first, MAX_PAGE, default=MAX_PAGE)
        begin = position(None if after is None else entities.feature_position(after), updated_since)
        page = await info.context.reader.page(begin, size)
        return entities.FeatureConnection.of(page, continued=after is not None)

    @field(
        inaccessible=True,
        requires_scopes=_SYNC,
        description="How far the copies of these customers are, in the order given; for reconciliation.",
    )
    async def applied_versions(
        self, info: Info, customer_ids: list[strawberry.ID]
    ) -> list[entities.AppliedVersionType]:
        """One read for all customers."""
        if len(customer_ids) > MAX_CUSTOMER_IDS:
            raise BadUserInput(f"customerIds has at most {MAX_CUSTOMER_IDS} ids.")
        ids = [entity_id(value) for value in customer_ids]
        applied = await info.context.store.applied_versions(ids)
        return [entities.AppliedVersionType.of(applied[key]) for key in ids if key in applied]


@strawberry.type
class Mutation:
    """The inbox: not part of the public graph, called by the router on the subgraph itself."""

    @mutation(inaccessible=True, requires_scopes=_SYNC)
    async def apply_profile(self, info: Info, event: inputs.ProfileEvent) -> entities.ApplyResult:
        """See `inbox`."""
        change = event.to_domain()
        info.context.touch([change.customer_id])
        known = await _record(info, change.customer_id)
        return entities.ApplyResult.of(await info.context.inbox.apply_profile_to(known, change))

    @mutation(inaccessible=True, requires_scopes=_SYNC)
    async def erase_rating(self, info: Info, event: inputs.ErasureEvent) -> entities.ApplyResult:
        """See `inbox`."""
        info.context.touch([entity_id(event.customer_id)])
        return entities.ApplyResult.of(await info.context.inbox.erase(event.to_domain()))


async def _record(info: Info, customer_id: UUID) -> Record | None:
    """The customer's record; the first event of a request has those of all its events read at once.

    The fields of a mutation run one after the other, so nothing would gather their reads by itself.
    """
    known, *_ = await info.context.loaders.records.load_many([customer_id, *_customers(info)])
    return known


def _customers(info: Info) -> Iterator[UUID]:
    """The customers of the events in the request's variables; what is no id is its own event's matter."""
    for value in info.variable_values.values():
        with suppress(BadUserInput):
            if isinstance(value, Mapping) and "customerId" in value:
                yield entity_id(value["customerId"])


def build_schema() -> Schema:
    """The subgraph's schema; needs no store and no settings."""
    return federated_schema(Query, Mutation, types=(entities.Customer,))
