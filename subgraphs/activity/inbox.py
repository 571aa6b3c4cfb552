"""Applying the events that the router delivers: at least once in any order, with the effect of once.

The store itself guards it (unique event ids, tombstones), so two copies of this process, or two deliveries
at the same moment, need not know of each other.
"""

from __future__ import annotations

import strawberry

from kernel import telemetry
from subgraphs.activity.domain import (
    Erasure,
    Event,
    InvalidEvent,
    checked,
    to_centavos,
)
from subgraphs.activity.enums import ActivityKind, Direction, Outcome
from subgraphs.activity.store.port import ActivityStore
from subgraphs.edge.errors import BadUserInput
from subgraphs.edge.references import entity_id
from subgraphs.edge.scalars import DateTime, Decimal

__all__ = ["ActivityEventInput", "ApplyResult", "ErasureEvent", "erase", "record"]


@strawberry.input
class ActivityEventInput:
    """The `data` of customer.activity.v1 with the envelope's ids."""

    event_id: strawberry.ID
    customer_id: strawberry.ID
    kind: ActivityKind
    occurred_at: DateTime
    amount: Decimal | None = None
    merchant: str | None = None
    category: str | None = None
    card_last4: str | None = strawberry.field(name="cardLast4", default=None)
    bureau: str | None = None
    reason: str | None = None
    direction: Direction | None = None
    description: str | None = None


@strawberry.input
class ErasureEvent:
    """The envelope of customer.erased.v1."""

    event_id: strawberry.ID
    customer_id: strawberry.ID
    version: int
    occurred_at: DateTime


@strawberry.federation.type(shareable=True)
class ApplyResult:
    """What became of the event."""

    outcome: Outcome
    applied_version: int | None = None


async def record(store: ActivityStore, given: ActivityEventInput) -> ApplyResult:
    """Store the event once; raises `BadUserInput` for one that can never be stored."""
    event = _event(given)
    (outcome,) = await store.record([event])
    telemetry.get_logger().info(
        "activity.event_recorded",
        event_id=str(event.id),
        customer_id=str(event.customer_id),
        kind=event.kind.value,
        outcome=outcome.value,
    )
    return ApplyResult(outcome=outcome)


async def erase(store: ActivityStore, given: ErasureEvent) -> ApplyResult:
    """Forget the customer for good; raises `BadUserInput` for ids that are none."""
    if given.version < 0:
        raise BadUserInput("version must not be negative.")
    erasure = Erasure(
        event_id=entity_id(given.event_id),
        customer_id=entity_id(given.customer_id),
        version=given.version,
        occurred_at=given.occurred_at,
    )
    result = await store.erase(erasure)
    telemetry.get_logger().info(
        "activity.customer_erased",
        event_id=str(erasure.event_id),
        customer_id=str(erasure.customer_id),
        outcome=result.outcome.value,
    )
    return ApplyResult(outcome=result.outcome, applied_version=result.version)


def _event(given: ActivityEventInput) -> Event:
    try:
        return checked(
            Event(
                id=entity_id(given.event_id),
                customer_id=entity_id(given.customer_id),
                kind=given.kind,
                occurred_at=given.occurred_at,
                amount=None if given.amount is None else to_centavos(given.amount),
                merchant=given.merchant,
                category=given.category,
                card_last4=given.card_last4,
                bureau=given.bureau,
                reason=given.reason,
                direction=given.direction,
                description=given.description,
            )
        )
    except InvalidEvent as invalid:
        raise BadUserInput(str(invalid)) from invalid
