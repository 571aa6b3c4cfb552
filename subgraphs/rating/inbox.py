"""Applying the events that the router delivers: at least once in any order, with the effect of once.

What an event does is decided by `domain.record`, which is pure; `swap` writes it. So copies of this process,
and deliveries at the same moment, need not know of each other.
"""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import Counter

from kernel import telemetry
from subgraphs.rating.domain.record import (
    Change,
    Erasure,
    ProfileChanged,
    Record,
    apply_erasure,
    apply_profile,
)
from subgraphs.rating.domain.scorecard import Scorecard
from subgraphs.rating.swap import Swapper

__all__ = ["Inbox"]

_EVENTS = Counter(
    "rating_events", "Events delivered to the inbox, by what became of them.", ["event", "outcome"]
)


@dataclass(frozen=True, slots=True)
class Inbox:
    """Applies events to the store, one customer at a time."""

    swapper: Swapper
    scorecard: Scorecard

    async def apply_profile(self, event: ProfileChanged) -> Change:
        """Rate the profile and keep it, if it is the newest; raises StoreUnavailable."""
        return await self.apply_profile_to(await self.swapper.store.record(event.customer_id), event)

    async def apply_profile_to(self, known: Record | None, event: ProfileChanged) -> Change:
        """The same, for a record that was read a moment ago; that it is not the newest does no harm."""
        change = await self.swapper.swap_from(
            event.customer_id, known, lambda record, now: apply_profile(record, event, self.scorecard, now)
        )
        _told("rating.profile_applied", event, change)
        return change

    async def erase(self, event: Erasure) -> Change:
        """Forget the customer for good; raises StoreUnavailable."""
        change = await self.swapper.swap(
            event.customer_id, lambda record, now: apply_erasure(record, event, now)
        )
        _told("rating.customer_erased", event, change)
        return change


def _told(name: str, event: ProfileChanged | Erasure, change: Change) -> None:
    """One log line and one count."""
    _EVENTS.labels("erasure" if isinstance(event, Erasure) else "profile", change.outcome.value).inc()
    telemetry.get_logger().info(
        name,
        event_id=str(event.event_id),
        customer_id=str(event.customer_id),
        version=event.version,
        outcome=change.outcome.value,
    )
