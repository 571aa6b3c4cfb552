"""What a worker owes its queue for the messages in hand: renew them, give them back, delete the done ones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence

from kernel.telemetry import get_logger
from router.config import QueueConfig
from router.groups import Held, Lanes
from router.queue import BATCH_ENTRIES, Queues, QueueUnavailable

__all__ = ["Deletions", "Leases"]

log = get_logger()

#: Seconds that a done message waits for others, so that ten are deleted by one call.
LINGER = 0.005


class Leases:
    """Renews everything in hand at a third of the visibility time-out, so that two beats may fail."""

    def __init__(self, queues: Queues, queue: QueueConfig, lanes: Lanes) -> None:
        self._queues = queues
        self._queue = queue
        self._lanes = lanes
        # A beat that overtakes a message's return would hide it for the whole time-out again.
        self._one_at_a_time = asyncio.Lock()

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            await asyncio.sleep(self._queue.visibility / 3)
            await self.beat()

    async def beat(self) -> None:
        """Renew once. What could not be renewed is marked as lost, or runs out by its own time."""
        async with self._one_at_a_time:
            for batch in _batches(self._lanes.all()):
                until = time.monotonic() + self._queue.visibility
                refused = await self._change(batch, self._queue.visibility, "router.heartbeat_missed")
                for held in batch if refused is not None else ():
                    held.lost = held.message.receipt in (refused or ())
                    held.until = until

    async def give_back(self, held: Sequence[Held], delay: int) -> None:
        """Let messages be received again after `delay` seconds, the first one first.

        What is ours no longer is left alone; what the queue does not hear of waits out its time.
        """
        async with self._one_at_a_time:
            now = time.monotonic()
            for batch in _batches([member for member in held if member.ours(now)]):
                await self._change(batch, delay, "router.release_failed")

    async def _change(self, batch: Sequence[Held], seconds: int, failure: str) -> set[str] | None:
        """The receipts that the queue refused; None when it did not answer."""
        receipts = [held.message.receipt for held in batch]
        try:
            return set(await self._queues.change_visibility(self._queue.name, receipts, seconds))
        except QueueUnavailable as problem:
            log.warning(failure, queue=self._queue.name, problem=str(problem))
            return None


class Deletions:
    """Deletes done messages, up to ten by one call.

    A message whose delete fails comes again; its target knows it already.
    """

    def __init__(self, queues: Queues, queue: QueueConfig) -> None:
        self._queues = queues
        self._queue = queue
        self._waiting: asyncio.Queue[tuple[str, asyncio.Future[None]]] = asyncio.Queue()

    async def delete(self, receipt: str) -> None:
        """Return when the queue was told, whether it listened or not."""
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((receipt, told))
        await told

    async def run(self) -> None:
        """Delete until cancelled."""
        while True:
            batch = [await self._waiting.get()]
            if self._waiting.qsize() + 1 < BATCH_ENTRIES:
                await asyncio.sleep(LINGER)
            while len(batch) < BATCH_ENTRIES and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            await self._delete([receipt for receipt, _ in batch])
            for _, told in batch:
                if not told.done():
                    told.set_result(None)

    async def _delete(self, receipts: Sequence[str]) -> None:
        try:
            refused = await self._queues.delete(self._queue.name, receipts)
        except QueueUnavailable as problem:
            log.warning("router.delete_failed", queue=self._queue.name, problem=str(problem))
        else:
            if refused:
                log.warning("router.delete_refused", queue=self._queue.name, messages=len(refused))


def _batches(held: Sequence[Held]) -> Iterator[Sequence[Held]]:
    for start in range(0, len(held), BATCH_ENTRIES):
        yield held[start : start + BATCH_ENTRIES]
