"""One pump: claim events of one queue, send them, mark them, again.

Promise: what is marked was sent; what was sent but not marked is sent again.
"""

from __future__ import annotations

import asyncio
from random import Random

from kernel.deadline import full_jitter
from kernel.telemetry import get_logger
from subgraphs.customer.publishing import metrics
from subgraphs.customer.publishing.queue import Publisher, QueueUnavailable
from subgraphs.customer.publishing.sending import Sending, Sent
from subgraphs.customer.publishing.settings import RelaySettings
from subgraphs.customer.store.outbox_reader import OutboxReader, OutboxUnavailable

__all__ = ["Bell", "Pump"]

log = get_logger()

#: Seconds below the jittered back-off: full jitter may say 0, and something is in trouble.
_BACKOFF_FLOOR = 0.02


class Bell:
    """Wakes a pump that waits for work; a ring while it works is heard when it waits next."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """There may be work."""
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Return when rung, or after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            return
        self._rung.clear()


class Pump:
    """Publishes one queue's events until cancelled. Any number may run, here and in other processes."""

    def __init__(
        self, queue: str, reader: OutboxReader, publisher: Publisher, settings: RelaySettings, random: Random
    ) -> None:
        self.bell = Bell()
        self._queue = queue
        self._reader = reader
        self._publisher = publisher
        self._settings = settings
        self._random = random

    async def run(self) -> None:
        """Pump for ever: at once while there is work, else after a ring or `relay_poll_seconds`."""
        failures = 0
        while True:
            try:
                room = await self._room()
                sent = await self.publish(room) if room > 0 else Sent()
                failed = sent.failed
            except (QueueUnavailable, OutboxUnavailable) as problem:
                log.warning("relay.publish_failed", queue=self._queue, problem=str(problem))
                room, sent, failed = 0, Sent(), True
            failures = failures + 1 if failed else 0
            if failed:
                await asyncio.sleep(self._backoff(failures))
            elif room == 0:
                await asyncio.sleep(self._settings.relay_depth_poll_seconds)
            elif sent.claimed == 0:
                await self.bell.wait(self._settings.relay_poll_seconds)

    async def publish(self, limit: int) -> Sent:
        """Claim up to `limit` events, send what can be sent, and mark it; raises `OutboxUnavailable`."""
        settings = self._settings
        async with self._reader.claim(self._queue, limit, settings.relay_claim_per_customer) as claim:
            sent = Sent(claimed=sum(len(events) for events in claim.lanes))
            if sent.claimed:
                await Sending(self._queue, self._publisher, settings, sent).run(claim.lanes)
                await claim.mark(sent.settled)
        metrics.PUBLISHED.labels(self._queue).inc(len(sent.settled))
        return sent

    async def _room(self) -> int:
        """How many events may be claimed now."""
        bound, most = self._settings.relay_max_queue_depth, self._settings.relay_claim_events
        if bound is None:
            return most
        depth = await self._publisher.depth(self._queue)
        return max(0, min(bound - depth.messages, most))

    def _backoff(self, failures: int) -> float:
        base, cap = self._settings.relay_backoff_base_seconds, self._settings.relay_backoff_cap_seconds
        return _BACKOFF_FLOOR + full_jitter(failures, base, cap, self._random)
