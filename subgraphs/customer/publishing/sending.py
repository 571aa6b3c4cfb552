"""The batches of one claim: several at a time, and of one customer one event at a time.

Promise: of one customer, an event is on its way only after all earlier ones were taken.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID

from kernel.telemetry import bind_trace, get_logger
from subgraphs.customer.publishing import metrics
from subgraphs.customer.publishing.batches import Lane, next_batch, stub_of
from subgraphs.customer.publishing.queue import (
    Entry,
    Publisher,
    QueueUnavailable,
    Rejection,
    dead_letter_name,
)
from subgraphs.customer.publishing.settings import RelaySettings
from subgraphs.customer.store.outbox_reader import OutboxEvent

__all__ = ["Sending", "Sent"]

log = get_logger()


@dataclass(slots=True)
class Sent:
    """What became of one claim."""

    #: Events that were claimed.
    claimed: int = 0
    #: Events to mark: sent, or told to the DLQ because no queue takes them.
    settled: list[UUID] = field(default_factory=list)
    #: Whether anything is to be tried again after a while.
    failed: bool = False


class Sending:
    """Sends one claim's events and notes in `sent` what became of them."""

    def __init__(self, queue: str, publisher: Publisher, settings: RelaySettings, sent: Sent) -> None:
        self._queue = queue
        self._publisher = publisher
        self._settings = settings
        self._sent = sent
        self._ready: deque[Lane] = deque()
        self._ends_at = monotonic() + settings.relay_claim_seconds

    async def run(self, lanes: Sequence[Sequence[OutboxEvent]]) -> None:
        """Return when every lane is empty or stopped by a failure, or the claim's time is over."""
        self._ready.extend(Lane(events) for events in lanes)
        async with asyncio.TaskGroup() as group:
            for number in range(self._settings.relay_sends):
                group.create_task(self._send_batches(), name=f"relay-send-{number}")

    async def _send_batches(self) -> None:
        while self._ready and monotonic() < self._ends_at:
            batch = next_batch(self._ready, self._settings.relay_max_message_bytes)
            for lane in batch.oversized:
                detail = f"{lane.size} bytes, at most {self._settings.relay_max_message_bytes}"
                await self._set_aside(lane, "BODY_TOO_LARGE", detail)
            if batch.lanes:
                await self._send_batch(batch.lanes)

    async def _send_batch(self, lanes: Sequence[Lane]) -> None:
        refused = await self._send(self._queue, [lane.entry for lane in lanes])
        if refused is None:
            # The server is in trouble: further batches would only wait for the same time-out.
            self._ready.clear()
            return
        for lane in lanes:
            rejection = refused.get(lane.entry.id)
            if rejection is None:
                self._tell_sent(lane.event)
                self._settle(lane)
            elif rejection.permanent:
                await self._set_aside(lane, "REFUSED_BY_QUEUE", rejection.code)
            else:
                # The lane stops here; the next claim starts with this very event.
                self._sent.failed = True

    async def _send(self, queue: str, entries: Sequence[Entry]) -> dict[str, Rejection] | None:
        """The refused entries by id, or None when nothing is known to be sent."""
        try:
            rejections = await self._publisher.send(queue, entries)
        except QueueUnavailable as problem:
            self._sent.failed = True
            metrics.SEND_FAILURES.labels(self._queue, type(problem).__name__).inc(len(entries))
            log.warning("relay.send_failed", queue=queue, events=len(entries), problem=str(problem))
            return None
        for rejection in rejections:
            metrics.SEND_FAILURES.labels(self._queue, rejection.code).inc()
        return {rejection.id: rejection for rejection in rejections}

    async def _set_aside(self, lane: Lane, reason: str, detail: str) -> None:
        """Tell the DLQ of an event that no queue takes, and go on with the customer's next one.

        Later events must not wait for ever for one that cannot go: each profile event holds the whole state,
        and an activity event stands for itself. Nothing is settled before the DLQ knows.
        """
        event = lane.event
        refused = await self._send(dead_letter_name(self._queue), [stub_of(event, reason, detail)])
        if refused is None or refused:
            self._sent.failed = True
            return
        metrics.SET_ASIDE.labels(self._queue, reason).inc()
        log.error(
            "relay.event_set_aside",
            queue=self._queue,
            event_id=str(event.id),
            event_type=event.type,
            customer_id=str(event.customer_id),
            reason=reason,
            detail=detail,
        )
        self._settle(lane)

    def _tell_sent(self, event: OutboxEvent) -> None:
        """One log line under the trace of the mutation that made the event."""
        with bind_trace(event.request_id or str(event.id), event.traceparent):
            log.info(
                "relay.event_published",
                queue=self._queue,
                event_id=str(event.id),
                event_type=event.type,
                customer_id=str(event.customer_id),
                sequence=event.sequence,
            )

    def _settle(self, lane: Lane) -> None:
        self._sent.settled.append(lane.event.id)
        if lane.advance():
            self._ready.append(lane)
