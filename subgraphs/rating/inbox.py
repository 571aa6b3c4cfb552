"""Applying the events that the router delivers: at least once in any order, with the effect of once.

What an event does is decided by `domain.record`, which is pure; here it is read → decide → swap, again when
somebody else was faster. So copies of this process, and deliveries at the same moment, need not know of each
other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kernel import telemetry
from subgraphs.rating.clock import Clock
from subgraphs.rating.domain.record import (
    Change,
    Erasure,
    ProfileChanged,
    Record,
    apply_erasure,
    apply_profile,
)
from subgraphs.rating.domain.scorecard import Scorecard
from subgraphs.rating.store import StoreUnavailable

__all__ = ["Inbox", "Records"]


class Records(Protocol):
    """The part of the store that an inbox needs."""

    async def record(self, customer_id: UUID) -> Record | None:
        """What is kept of a customer."""
        ...

    async def save(self, record: Record, *, expected: Record | None) -> bool:
        """Swap; False when the record is no longer the expected one."""
        ...


@dataclass(frozen=True, slots=True)
class Inbox:
    """Applies events to the store, one customer at a time."""

    store: Records
    scorecard: Scorecard
    clock: Clock
    #: Tries of read-decide-swap before giving up with StoreUnavailable.
    attempts: int
    #: Seconds within which a change must be visible after its moment was taken; see `extraction`.
    settle_seconds: float

    async def apply_profile(self, event: ProfileChanged) -> Change:
        """Rate the profile and keep it, if it is the newest; raises StoreUnavailable."""
        change = await self._commit(
            event.customer_id, lambda record, now: apply_profile(record, event, self.scorecard, now)
        )
        _log("rating.profile_applied", event, change)
        return change

    async def erase(self, event: Erasure) -> Change:
        """Forget the customer for good; raises StoreUnavailable."""
        change = await self._commit(event.customer_id, lambda record, now: apply_erasure(record, event, now))
        _log("rating.customer_erased", event, change)
        return change

    async def _commit(self, customer_id: UUID, decide: Callable[[Record | None, datetime], Change]) -> Change:
        for _ in range(self.attempts):
            before = await self.store.record(customer_id)
            started = self.clock.monotonic()
            change = decide(before, self.clock.now())
            if change.record is None:
                return change
            if await self.store.save(change.record, expected=before):
                if self.clock.monotonic() - started > self.settle_seconds:
                    await self._stamp_again(customer_id)
                return change
        telemetry.get_logger().warning(
            "rating.swap_given_up", customer_id=str(customer_id), attempts=self.attempts
        )
        raise StoreUnavailable

    async def _stamp_again(self, customer_id: UUID) -> None:
        """Give a change whose write took too long a later moment: readers may have passed the one it has."""
        for _ in range(self.attempts):
            before = await self.store.record(customer_id)
            started = self.clock.monotonic()
            if before is None or before.erased:
                return
            if not await self.store.save(replace(before, updated_at=self.clock.now()), expected=before):
                return  # a newer change has a later moment of its own
            if self.clock.monotonic() - started <= self.settle_seconds:
                return


def _log(name: str, event: ProfileChanged | Erasure, change: Change) -> None:
    telemetry.get_logger().info(
        name,
        event_id=str(event.event_id),
        customer_id=str(event.customer_id),
        version=event.version,
        outcome=change.outcome.value,
    )
