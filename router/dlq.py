"""What operators do with a DLQ: look, send back, discard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager

from kernel.telemetry import get_logger
from router.deadletters import DeadLetter, read_dead_letter, redriven
from router.queue import BATCH_ENTRIES, Message, Queues, dead_letter_name

__all__ = ["DeadLetterQueue"]

log = get_logger()

#: Seconds that messages are hidden from other operators while one works on them; renewed with each batch.
HOLD_SECONDS = 120
#: Seconds of the long poll that finds the queue empty: a short poll asks only some of SQS's servers.
LOOK_SECONDS = 1


class DeadLetterQueue:
    """The DLQ of one queue. Its methods may raise `QueueUnavailable`."""

    def __init__(self, queues: Queues, queue: str) -> None:
        self._queues = queues
        self._queue = queue
        self._name = dead_letter_name(queue)

    async def letters(self, limit: int) -> list[DeadLetter]:
        """Up to `limit` dead letters, oldest first; nobody else gets them meanwhile."""
        async with self._held(limit) as held:
            return _oldest_first(held)

    async def redrive(self, chosen: Callable[[DeadLetter], bool], pace: float, most: int) -> int:
        """Send the chosen ones back to their queue, at most `pace` a second, oldest first; answers how many.

        Looks at up to `most` dead letters. Each is deleted only after it was sent, so this may be interrupted
        and repeated: what was sent twice takes effect once.
        """
        done = 0
        async with self._held(most) as held:
            for letter in filter(chosen, _oldest_first(held)):
                await self._queues.send(self._queue, redriven(letter))
                await self._delete(held, letter)
                log.info("router.message_redriven", queue=self._queue, event_id=letter.event_id)
                done += 1
                if done % BATCH_ENTRIES == 0:
                    await self._hold(held)
                await asyncio.sleep(1 / pace)
        return done

    async def discard(self, chosen: Callable[[DeadLetter], bool], most: int) -> int:
        """Delete the chosen ones of up to `most` dead letters for ever; answers how many."""
        done = 0
        async with self._held(most) as held:
            for letter in filter(chosen, _oldest_first(held)):
                await self._delete(held, letter)
                log.info("router.message_discarded", queue=self._queue, event_id=letter.event_id)
                done += 1
        return done

    @asynccontextmanager
    async def _held(self, limit: int) -> AsyncIterator[list[Message]]:
        """Messages for as long as the body works on them; those still in the list are given back."""
        held: list[Message] = []
        try:
            while len(held) < limit:
                found = await self._queues.receive(
                    self._name, min(BATCH_ENTRIES, limit - len(held)), LOOK_SECONDS, HOLD_SECONDS
                )
                if not found:
                    break
                held += found
            yield held
        finally:
            for batch in _batches(held):
                await self._queues.change_visibility(self._name, [one.receipt for one in batch], 0)

    async def _hold(self, held: Sequence[Message]) -> None:
        for batch in _batches(held):
            await self._queues.change_visibility(self._name, [one.receipt for one in batch], HOLD_SECONDS)

    async def _delete(self, held: list[Message], letter: DeadLetter) -> None:
        await self._queues.delete(self._name, [letter.message.receipt])
        held.remove(letter.message)


def _oldest_first(held: Sequence[Message]) -> list[DeadLetter]:
    return sorted(map(read_dead_letter, held), key=lambda letter: letter.message.sent_at)


def _batches(held: Sequence[Message]) -> Iterator[Sequence[Message]]:
    for start in range(0, len(held), BATCH_ENTRIES):
        yield held[start : start + BATCH_ENTRIES]
