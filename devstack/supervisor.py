"""Starts members in order, waits until they are ready, and starts again what dies.

What to do is decided by pure functions; starting, probing and stopping are the members' own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from devstack.servers.protocol import StartFailed, Supervised
from kernel.settings import ConfigurationProblem

__all__ = ["Supervisor", "restart_delay"]

#: Seconds between two looks at the members: a death is noticed this fast.
POLL_SECONDS: Final = 0.2
#: Seconds before the first restart; doubled for each death in a row.
BACKOFF_BASE_SECONDS: Final = 0.5
#: Seconds at most between a death and the next start.
BACKOFF_CAP_SECONDS: Final = 30.0
#: A process that lived this many seconds is taken for healthy: its next death counts as the first.
HEALTHY_AFTER_SECONDS: Final = 60.0
#: Lines of a log that are shown when its process did not start.
_TAIL_LINES = 5


def restart_delay(deaths_in_a_row: int) -> float:
    """Seconds to wait before a process that died `deaths_in_a_row` times (from 1) is started again."""
    # The exponent is bounded first: a process that dies for days must not overflow a float.
    doublings = min(deaths_in_a_row - 1, 16)
    return float(min(BACKOFF_BASE_SECONDS * 2**doublings, BACKOFF_CAP_SECONDS))


@dataclass(slots=True)
class _Watched:
    member: Supervised
    started_at: float = 0.0
    deaths: int = 0
    #: Monotonic time of the next start; None while it runs.
    due: float | None = None
    announced: bool = True


class Supervisor:
    """Owns the members that were started through it.

    `say` gets one line for people at every change, `changed` is called after each so that the state can be
    written down. Members are started by the event loop's thread: the kernel ends them when it ends.
    """

    def __init__(
        self, *, ready_seconds: float, say: Callable[[str], None], changed: Callable[[], None]
    ) -> None:
        self._ready_seconds = ready_seconds
        self._say = say
        self._changed = changed
        self._watched: list[_Watched] = []

    async def start(self, members: Sequence[Supervised]) -> None:
        """Return when all of them are started and ready; raises StartFailed, and keeps what did start."""
        batch = [_Watched(member) for member in members]
        for watched in batch:
            watched.started_at = time.monotonic()
            # Before the start, so that a start that fails half-way is stopped with the rest.
            self._watched.append(watched)
            watched.member.start()
            self._changed()
        waiting = list(batch)
        while waiting:
            for watched in list(waiting):
                if await asyncio.to_thread(watched.member.ready):
                    waiting.remove(watched)
                    self._say_ready(watched)
                else:
                    self._give_up_if_hopeless(watched)
            if waiting:
                await asyncio.sleep(POLL_SECONDS / 2)

    async def watch(self) -> None:
        """Start again, with back-off, whatever dies; runs until it is cancelled."""
        while True:
            for watched in self._watched:
                await self._look_at(watched)
            await asyncio.sleep(POLL_SECONDS)

    async def stop(self) -> None:
        """Stop everything, last started first: clients before the servers that they use."""
        while self._watched:
            member = self._watched.pop().member
            await asyncio.to_thread(member.stop)

    async def _look_at(self, watched: _Watched) -> None:
        now = time.monotonic()
        if watched.due is not None:
            if now >= watched.due:
                self._restart(watched)
        elif watched.member.pid is None:
            if now - watched.started_at > HEALTHY_AFTER_SECONDS:
                watched.deaths = 0
            self._schedule(watched, "died")
        elif not watched.announced and await asyncio.to_thread(watched.member.ready):
            watched.announced = True
            self._say_ready(watched)

    def _restart(self, watched: _Watched) -> None:
        watched.due = None
        watched.announced = False
        watched.started_at = time.monotonic()
        try:
            watched.member.start()
        except ConfigurationProblem as problem:
            self._schedule(watched, f"could not be started again ({problem})")
        self._changed()

    def _schedule(self, watched: _Watched, what: str) -> None:
        watched.deaths += 1
        delay = restart_delay(watched.deaths)
        watched.due = time.monotonic() + delay
        self._say(f"{watched.member.name} {what}; starting it again in {delay:g} s")
        self._changed()

    def _say_ready(self, watched: _Watched) -> None:
        seconds = time.monotonic() - watched.started_at
        self._say(f"{watched.member.name:<9} ready after {seconds:4.1f} s   {watched.member.url}")

    def _give_up_if_hopeless(self, watched: _Watched) -> None:
        member = watched.member
        if member.pid is None:
            raise StartFailed(f"{member.name} ended while it was starting")
        if time.monotonic() - watched.started_at > self._ready_seconds:
            raise StartFailed(f"{member.name} was not ready within {self._ready_seconds:g} s")
