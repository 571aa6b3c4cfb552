"""Concurrent recordings joined into one bulk request, so that their number costs round trips of one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from subgraphs.activity.domain import Event, Outcome
from subgraphs.activity.store.calls import Refused
from subgraphs.activity.store.port import StoreUnavailable

__all__ = ["Together"]

#: Events of one batch. The router sends 16 at a time; a few of its copies fit in.
_EVENTS = 128

Write = Callable[[Sequence[Event]], Awaitable[Sequence[Outcome]]]


@dataclass(eq=False, slots=True)
class _Waiting:
    """One caller's events, and what became of them."""

    events: Sequence[Event]
    outcomes: Sequence[Outcome] | None = None
    error: StoreUnavailable | None = None
    #: It was in a batch that was refused: next time it is written without company.
    alone: bool = False


class Together:
    """Calls `write` with the events of all callers that wait, and gives each the outcomes of its own.

    One batch is under way at a time, and what arrives meanwhile makes the next one: the busier, the larger.
    There is no task behind it: a caller whose turn comes writes for all who wait, and those whose events
    somebody else has written just take their outcomes. A writer that is cancelled leaves the others waiting
    for the next turn; recording is idempotent, so nothing is harmed by writing their events again.
    """

    def __init__(self, write: Write) -> None:
        self._write = write
        self._turn = asyncio.Lock()
        self._waiting: list[_Waiting] = []

    async def record(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """Outcomes of these events, in order; raises what `write` raises."""
        mine = _Waiting(events)
        self._waiting.append(mine)
        try:
            async with self._turn:
                while mine.outcomes is None and mine.error is None:
                    await self._write_batch(self._taken(mine))
        finally:
            if mine in self._waiting:
                self._waiting.remove(mine)
        if mine.error is not None:
            raise mine.error
        assert mine.outcomes is not None
        return mine.outcomes

    def _taken(self, mine: _Waiting) -> list[_Waiting]:
        """What is written now: this caller's events, and as many others' as fit."""
        batch, size = [mine], len(mine.events)
        if not mine.alone:
            for other in self._waiting:
                if other is not mine and not other.alone and size + len(other.events) <= _EVENTS:
                    batch.append(other)
                    size += len(other.events)
        self._waiting = [each for each in self._waiting if each not in batch]
        return batch

    async def _write_batch(self, batch: Sequence[_Waiting]) -> None:
        try:
            outcomes = iter(await self._write([event for each in batch for event in each.events]))
        except StoreUnavailable as error:
            for each in batch:
                each.error = error
        except Refused:
            if len(batch) == 1:
                raise
            # One event of somebody's is to blame; it must not take the others' with it.
            for each in batch:
                each.alone = True
            self._waiting.extend(batch[1:])
        except asyncio.CancelledError:
            self._waiting.extend(batch[1:])
            raise
        else:
            for each in batch:
                each.outcomes = [next(outcomes) for _ in each.events]
