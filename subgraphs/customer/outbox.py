"""Which events a change causes: made here, committed with the change, sent by the relay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from kernel.events import CUSTOMER_ACTIVITY, CUSTOMER_ERASED, CUSTOMER_PROFILE
from subgraphs.customer.domain.profile import Profile, profile_payload

__all__ = ["QUEUES", "OutboxEvent", "activity_event", "erasure_events", "profile_event"]

#: Target (as receipts and `pipeline` name it) → queue.
QUEUES: Mapping[str, str] = {"rating": "customer-rating.fifo", "activity": "customer-activity.fifo"}


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """A row of the outbox: what the relay puts into an envelope, and the queue it goes to."""

    id: UUID
    customer_id: UUID
    type: str
    payload: Mapping[str, object]
    #: Customer.version at the commit.
    sequence: int
    queue: str


def profile_event(event_id: UUID, customer_id: UUID, version: int, profile: Profile) -> OutboxEvent:
    """The whole profile as it is at `version`."""
    payload = profile_payload(profile)
    return OutboxEvent(event_id, customer_id, CUSTOMER_PROFILE, payload, version, QUEUES["rating"])


def activity_event(
    event_id: UUID, customer_id: UUID, version: int, payload: Mapping[str, object]
) -> OutboxEvent:
    """A financial event of the customer."""
    return OutboxEvent(event_id, customer_id, CUSTOMER_ACTIVITY, payload, version, QUEUES["activity"])


def erasure_events(event_ids: Mapping[str, UUID], customer_id: UUID, version: int) -> list[OutboxEvent]:
    """One event for each target, under its own id; nothing in it but ids."""
    return [
        OutboxEvent(event_ids[target], customer_id, CUSTOMER_ERASED, {}, version, queue)
        for target, queue in QUEUES.items()
    ]
