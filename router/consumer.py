"""One queue's consumer: receive, attempt, delete; one lane per customer, in order.

Promise: a message is deleted only after its target has the event's effect, or the DLQ has the message. Of one
customer, nothing is applied while an earlier message in hand is not settled.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping, Sequence

from kernel.telemetry import get_logger
from router import metrics
from router.breaker import State
from router.config import QueueConfig
from router.deadletters import dead_letter
from router.decide import DeadLetter, Delete, Retry
from router.delivery import Attempt, Delivery
from router.dlq import DeadLetterQueue
from router.groups import Held, Lanes
from router.leases import Deletions, Leases
from router.queue import BATCH_ENTRIES, Queues, QueueUnavailable, dead_letter_name
from router.targets import Target

__all__ = ["Consumer"]

log = get_logger()

#: Messages in hand for each mutation that may be under way: enough to keep all busy while new ones arrive.
PREFETCH = 2
#: Seconds between two tries while the queue does not answer, and before one that could not be dead-lettered.
PAUSE = 1
#: Dead letters that are looked through when a customer was erased; a DLQ should hold a handful.
MOST_PURGED = 10_000


class Consumer:
    """Works until `stop`; then finishes what is being applied and gives the rest back."""

    def __init__(
        self, queues: Queues, queue: QueueConfig, delivery: Delivery, targets: Mapping[str, Target]
    ) -> None:
        self._queues = queues
        self._queue = queue
        self._delivery = delivery
        self._targets: Sequence[Target] = [targets[name] for name in sorted(queue.targets)]
        self._lanes = Lanes()
        self._leases = Leases(queues, queue, self._lanes)
        self._deletions = Deletions(queues, queue)
        self._stopping = asyncio.Event()
        self._settled = asyncio.Event()
        #: Whether the queue answered when it was last asked.
        self.receiving = False

    def stop(self) -> None:
        """Receive nothing more; `run` returns when what is in hand is settled or given back."""
        self._stopping.set()

    async def run(self) -> None:
        """Consume until stopped.

        Raises an exception group when anything breaks that must not; what was in hand comes again in time.
        """
        async with asyncio.TaskGroup() as side:
            chores = [side.create_task(chore.run()) for chore in (self._leases, self._deletions)]
            async with asyncio.TaskGroup() as lanes:
                while not self._stopping.is_set():
                    for group in await self._receive():
                        lanes.create_task(self._work(group), name=f"lane of {self._queue.name}")
            for chore in chores:
                chore.cancel()

    async def _receive(self) -> list[str]:
        """The groups whose lanes begin with what was received; empty when there was nothing, or no room."""
        queue, limit = self._queue, await self._room()
        if limit == 0:
            return []
        # The time before the call: what it hides, it hides from some later moment on.
        asked_at = time.monotonic()
        # Without waiting at first, so that it is known at once whether the queue answers.
        wait = queue.wait if self.receiving else 0
        try:
            messages = await self._queues.receive(queue.name, limit, wait, queue.visibility)
        except QueueUnavailable as problem:
            log.warning("router.receive_failed", queue=queue.name, problem=str(problem))
            self.receiving = False
            await self._unless_stopping(asyncio.sleep(PAUSE))
            return []
        self.receiving = True
        metrics.RECEIVED.labels(queue.name).inc(len(messages))
        begun = self._lanes.arrive(messages, asked_at + queue.visibility)
        metrics.IN_HAND.labels(queue.name).set(len(self._lanes))
        return begun

    async def _room(self) -> int:
        """How many messages may be received now; 0 after a wait for something to change."""
        for target in self._targets:
            if target.state is State.OPEN:
                # Receiving for a target that is down would only burn receives.
                await self._unless_stopping(target.available())
                return 0
        most = PREFETCH * sum(target.config.concurrency for target in self._targets)
        if any(target.state is State.HALF_OPEN for target in self._targets):
            most = 1  # a trial, not a flood
        room = min(BATCH_ENTRIES, most - len(self._lanes))
        # A call of SQS costs as much for one message as for ten: none for each single one that is done.
        if room < min(BATCH_ENTRIES, most // PREFETCH) or room <= 0:
            self._settled.clear()
            await self._unless_stopping(self._settled.wait())
            return 0
        return room

    async def _work(self, group: str) -> None:
        """Settle the lane's messages one after the other; a failed one ends the lane."""
        while (held := self._lanes.head(group)) is not None:
            if self._stopping.is_set() or not held.ours(time.monotonic()):
                await self._end_lane(group, delay=0, tried=False)
                return
            attempt = await self._delivery.attempt(held)
            match attempt.decision:
                case Retry(delay=delay, reason=reason):
                    metrics.RETRIED.labels(self._queue.name, reason).inc()
                    await self._end_lane(group, delay=delay, tried=attempt.tried)
                    return
                case DeadLetter() as verdict:
                    if not await self._dead_letter(held, verdict, attempt):
                        await self._end_lane(group, delay=PAUSE, tried=False)
                        return
                case Delete():
                    if not await self._purge(attempt.purge):
                        await self._end_lane(group, delay=PAUSE, tried=False)
                        return
            await self._deletions.delete(held.message.receipt)
            self._lanes.settle(group)
            self._mark_settled()

    async def _dead_letter(self, held: Held, verdict: DeadLetter, attempt: Attempt) -> bool:
        """Whether the DLQ has the message now."""
        queue, message = self._queue.name, held.message
        event_type = attempt.envelope.type if attempt.envelope is not None else None
        outgoing = dead_letter(message, verdict.reason, verdict.detail, event_type, time.time())
        try:
            await self._queues.send(dead_letter_name(queue), outgoing)
        except QueueUnavailable as problem:
            log.warning("router.dead_letter_failed", queue=queue, problem=str(problem))
            return False
        metrics.DEAD_LETTERED.labels(queue, verdict.reason).inc()
        log.error(
            "router.message_dead_lettered",
            queue=queue,
            event_id=message.deduplication,
            event_type=event_type,
            customer_id=message.group,
            receives=message.receives,
            reason=verdict.reason,
            detail=verdict.detail,
        )
        return True

    async def _purge(self, customer: str | None) -> bool:
        """Whether the DLQ holds nothing of an erased customer now."""
        if customer is None:
            return True
        queue = self._queue.name
        try:
            if (await self._queues.depth(dead_letter_name(queue))).messages:
                letters = DeadLetterQueue(self._queues, queue)
                await letters.discard(lambda letter: letter.customer_id == customer, MOST_PURGED)
        except QueueUnavailable as problem:
            log.warning("router.purge_failed", queue=queue, customer_id=customer, problem=str(problem))
            return False
        return True

    async def _end_lane(self, group: str, *, delay: int, tried: bool) -> None:
        """Give the lane's messages back together: a follower before its head would be out of order."""
        held = self._lanes.stop(group, tried=tried)
        metrics.RELEASED.labels(self._queue.name).inc(max(0, len(held) - 1))
        await self._leases.give_back(held, delay)
        self._mark_settled()

    def _mark_settled(self) -> None:
        metrics.IN_HAND.labels(self._queue.name).set(len(self._lanes))
        self._settled.set()

    async def _unless_stopping(self, work: Coroutine[object, object, object]) -> None:
        """Wait for `work`, or until told to stop."""
        waits = [asyncio.ensure_future(work), asyncio.ensure_future(self._stopping.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
