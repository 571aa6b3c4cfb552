"""The watch over one queue: is it still the same one, how full is it, and when was it last seen empty?

A queue that is gone, or another one under the same name, may have taken events with it that were marked as
published. Whatever was published since the old one was last seen empty waits again then; the targets know
what they have applied already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from kernel.events import CUSTOMER_ERASED
from kernel.telemetry import get_logger
from subgraphs.customer.publishing import metrics
from subgraphs.customer.publishing.queue import (
    Publisher,
    QueueMissing,
    QueuePolicy,
    QueueUnavailable,
    dead_letter_name,
)
from subgraphs.customer.publishing.settings import RelaySettings
from subgraphs.customer.store.outbox_reader import Observation, OutboxReader, OutboxUnavailable

__all__ = ["Watch"]

log = get_logger()


class Watch:
    """Looks at one queue every `relay_observe_seconds`, until cancelled."""

    def __init__(
        self,
        queue: str,
        reader: OutboxReader,
        publisher: Publisher,
        settings: RelaySettings,
        ring: Callable[[], None],
    ) -> None:
        self.queue = queue
        self._reader = reader
        self._publisher = publisher
        self._settings = settings
        self._ring = ring
        #: Whether the last look succeeded; the relay is ready when all watches are well.
        self.well = False
        #: Set once it is known which queue is published to.
        self.adopted = asyncio.Event()

    async def run(self) -> None:
        """Look for ever; trouble is logged once when it begins and once when it ends."""
        while True:
            try:
                await self.look()
            except (QueueUnavailable, OutboxUnavailable) as problem:
                if self.well:
                    log.warning("relay.queue_lost", queue=self.queue, problem=str(problem))
                self.well = False
            else:
                if not self.well:
                    log.info("relay.queue_found", queue=self.queue)
                self.well = True
                self.adopted.set()
            await asyncio.sleep(self._settings.relay_observe_seconds)

    async def look(self) -> None:
        """Take one look and write it down; raises `QueueUnavailable`, `OutboxUnavailable`."""
        backlog = await self._reader.backlog(self.queue)
        metrics.PENDING.labels(self.queue).set(backlog.pending)
        metrics.OLDEST_SECONDS.labels(self.queue).set(backlog.oldest_seconds)
        # The clock is read before the look: what was published by then was in the queue, or is settled.
        seen_from = await self._reader.now()
        try:
            depth = await self._publisher.depth(self.queue)
            dead = await self._publisher.depth(dead_letter_name(self.queue))
        except QueueMissing:
            if not self._settings.relay_create_queues:
                raise
            await self._take_over()
            return
        if await self._reader.known_incarnation(self.queue) != depth.incarnation:
            await self._take_over()
            return
        await self._reader.record(
            self.queue, Observation(depth.incarnation, depth.messages, dead.messages, seen_from)
        )
        metrics.IN_QUEUE.labels(self.queue).set(depth.messages)
        metrics.DEAD_LETTERED.labels(self.queue).set(dead.messages)

    async def _take_over(self) -> None:
        """Publish to the queue that is there now; make it first where that is wanted.

        Nothing is sent meanwhile, so that what the old queue lost comes before what is new.
        """
        margin = timedelta(seconds=self._settings.relay_drain_margin_seconds)
        async with self._reader.takeover(self.queue) as takeover:
            if self._settings.relay_create_queues:
                await self._publisher.create(self.queue, QueuePolicy())
            incarnation = (await self._publisher.depth(self.queue)).incarnation
            events = await takeover.republish(incarnation, CUSTOMER_ERASED, margin)
        metrics.REPUBLISHED.labels(self.queue).inc(events)
        log.info("relay.queue_adopted", queue=self.queue, incarnation=incarnation, republished=events)
        self._ring()
