"""Processes that share a loop: each has clocks of its own, dies with all its tasks, or stands still.

Whatever crosses a process's border does so through `crossing`, before and after: a dead process sends nothing
and hears nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from datetime import UTC, datetime
from random import Random
from typing import Any, TypeVar

from tests.simulation.chaos import Chaos
from tests.simulation.loop import VirtualLoop

__all__ = ["EPOCH", "Machine", "Process"]

T = TypeVar("T")

#: The wall clock's time when a run begins.
EPOCH = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
#: Seconds that a message is on its way through the network.
_QUICKEST, _SLOWEST = 0.001, 0.02
#: Seconds until a process that died runs again.
_RESTART = (0.2, 20.0)
#: Seconds that a process stands still: up to three times the visibility time-out.
_PAUSE = (5.0, 90.0)
#: Seconds by which a wall clock may jump, either way.
_JUMP = 600.0

_current: ContextVar[Process | None] = ContextVar("process", default=None)


class Process:
    """`main` starts it: it returns when the process runs."""

    def __init__(self, machine: Machine, name: str, main: Callable[[Process], Coroutine[Any, Any, None]]):
        self.name = name
        self.alive = False
        self.paused = False
        #: Seconds that its wall clock is wrong by.
        self.wall_error = 0.0
        self.starts = 0
        self._machine = machine
        self._main = main
        self._tasks: dict[int, asyncio.Task[Any]] = {}
        self._set_aside: list[asyncio.Handle] = []

    def start(self) -> None:
        """Run, unless it does."""
        if not self.alive:
            self.alive = True
            self.starts += 1
            self._machine.note(f"{self.name} starts")
            self.spawn(self._main(self))

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task of this process."""
        context = copy_context()
        context.run(_current.set, self)
        return self._machine.loop.create_task(work, context=context)

    def kill(self) -> None:
        """As by SIGKILL: no task of it takes another step outside."""
        if not self.alive:
            return
        self.resume()
        self.alive = False
        self._machine.note(f"{self.name} dies")
        tasks, self._tasks = list(self._tasks.values()), {}
        for task in tasks:
            task.cancel()

    def pause(self) -> None:
        """As by SIGSTOP."""
        self.paused = True
        self._machine.note(f"{self.name} stands still")

    def resume(self) -> None:
        """As by SIGCONT."""
        if self.paused:
            self.paused = False
            self._machine.note(f"{self.name} goes on")
            self._machine.loop.put_back(self._set_aside)
            self._set_aside = []

    def check(self) -> None:
        """Raises CancelledError in a process that is dead."""
        if not self.alive:
            raise asyncio.CancelledError

    def own(self, task: asyncio.Task[Any], number: int) -> None:
        """The task dies with this process."""
        if not self.alive:
            task.cancel()
            return
        self._tasks[number] = task
        task.add_done_callback(lambda _: self._tasks.pop(number, None))

    def owns(self, context: Context) -> bool:
        """Whether what has this context is a step of this process."""
        return context.get(_current) is self

    def hold(self, handles: list[asyncio.Handle]) -> None:
        """Keep what would run until the process goes on."""
        self._set_aside += handles

    async def crossing(self) -> None:
        """Something is on its way in or out."""
        self.check()
        await asyncio.sleep(self._machine.chance.uniform(_QUICKEST, _SLOWEST))
        self.check()


class Machine:
    """All processes, and the faults that befall them."""

    def __init__(self, seed: int, loop: VirtualLoop, chaos: Chaos) -> None:
        self.loop = loop
        self.chaos = chaos
        self.chance = Random(f"{seed}:network")
        self.processes: list[Process] = []
        #: What happened, with its time; the last of it is shown when a seed fails.
        self.diary: list[str] = []
        self._numbers = 0
        loop.on_task = self._adopt
        loop.before_step = self._strike

    def process(self, name: str, main: Callable[[Process], Coroutine[Any, Any, None]]) -> Process:
        """A process that has not begun."""
        made = Process(self, name, main)
        self.processes.append(made)
        return made

    def running(self) -> Process:
        """The process whose step this is."""
        found = _current.get()
        assert found is not None
        return found

    def note(self, what: str) -> None:
        """Write into the diary."""
        self.diary.append(f"{self.loop.time():10.3f} {what}")

    def monotonic(self) -> float:
        """The clock that the running process sees; those of two machines have nothing in common."""
        running = _current.get()
        return self.loop.time() + (1000.0 * len(running.name) if running is not None else 0.0)

    def wall(self) -> float:
        """The wall clock that the running process sees."""
        running = _current.get()
        return EPOCH + self.loop.time() + (running.wall_error if running is not None else 0.0)

    def now(self) -> float:
        """The true time."""
        return EPOCH + self.loop.time()

    def end_faults(self) -> None:
        """Everything runs from now on."""
        self.chaos.end()
        for process in self.processes:
            process.resume()
            process.start()

    def _adopt(self, task: asyncio.Task[Any], context: Context | None) -> None:
        owner = _current.get() if context is None else context.get(_current)
        if owner is not None:
            self._numbers += 1
            owner.own(task, self._numbers)

    def _strike(self) -> None:
        chaos = self.chaos
        if chaos.strikes("crash"):
            victim = chaos.random.choice(self.processes)
            victim.kill()
            self.loop.call_later(chaos.random.uniform(*_RESTART), victim.start)
        if chaos.strikes("pause"):
            victim = chaos.random.choice(self.processes)
            if victim.alive and not victim.paused:
                victim.pause()
                self.loop.call_later(chaos.random.uniform(*_PAUSE), victim.resume)
        if chaos.strikes("clock_jump"):
            chaos.random.choice(self.processes).wall_error = chaos.random.uniform(-_JUMP, _JUMP)
        for process in self.processes:
            if process.paused:
                process.hold(self.loop.set_aside(process.owns))
