"""Read → decide → swap, again when somebody else was faster: the one way in which a record is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from kernel import telemetry
from subgraphs.rating.clock import Clock
from subgraphs.rating.domain.record import Record
from subgraphs.rating.store import StoreUnavailable

__all__ = ["Decision", "Records", "Swapper"]


class Records(Protocol):
    """The part of the store that is needed."""

    async def record(self, customer_id: UUID) -> Record | None:
        """What is kept of a customer."""
        ...

    async def save(self, record: Record, *, expected: Record | None) -> bool:
        """Swap; False when the record is no longer the expected one."""
        ...


class Decision(Protocol):
    """What was decided about a record."""

    @property
    def record(self) -> Record | None:
        """What to write, None: nothing."""
        ...


D = TypeVar("D", bound=Decision)


@dataclass(frozen=True, slots=True)
class Swapper:
    """Writes records, one customer at a time."""

    store: Records
    clock: Clock
    #: Tries before giving up with StoreUnavailable. Each that fails means that another writer got through.
    attempts: int
    #: Seconds within which a change must be visible after its moment was taken; see `extraction`.
    settle_seconds: float

    async def swap(self, customer_id: UUID, decide: Callable[[Record | None, datetime], D]) -> D:
        """Do what `decide` says about the customer's record; raises StoreUnavailable."""
        return await self.swap_from(customer_id, await self.store.record(customer_id), decide)

    async def swap_from(
        self, customer_id: UUID, known: Record | None, decide: Callable[[Record | None, datetime], D]
    ) -> D:
        """The same, for a record that has been read already."""
        for attempt in range(self.attempts):
            before = known if attempt == 0 else await self.store.record(customer_id)
            started = self.clock.monotonic()
            decision = decide(before, self.clock.now())
            if decision.record is None:
                return decision
            if await self.store.save(decision.record, expected=before):
                if self.clock.monotonic() - started > self.settle_seconds:
                    await self._stamp_again(customer_id)
                return decision
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
