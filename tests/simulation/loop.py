"""An event loop whose time is made up: it runs what is ready and then jumps to the next timer.

No socket, no thread, no sleep. With seeded randomness the same program takes the same steps each time:
futures and tasks hash by their number, so that sets of them have one order.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from contextvars import Context
from typing import Any, TypeVar
from unittest.mock import patch

__all__ = ["Stuck", "VirtualLoop", "running_on"]

T = TypeVar("T")

#: Steps of the loop after which a run is taken for endless.
MOST_STEPS = 5_000_000


class Stuck(BaseException):
    """Nothing will ever happen again, or too much does. Not an Exception: nothing may go on."""


class _Future(asyncio.Future[T]):
    number: int

    def __hash__(self) -> int:
        return self.number


class _Task(asyncio.Task[T]):
    number: int

    def __hash__(self) -> int:
        return self.number


class _Selector:
    """What the loop asks how long it may sleep: nothing ever comes from outside, so time passes at once."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        """Pass `timeout` seconds; raises `Stuck` when there is no end to the wait."""
        self._loop.pass_time(timeout)
        return []


class VirtualLoop(asyncio.BaseEventLoop):
    """`before_step` is called before each turn of the loop: whatever is ready then has not run yet.

    `on_task` is told each new task, and the context that it was given.
    """

    def __init__(self) -> None:
        super().__init__()
        self._ready: deque[asyncio.Handle]
        self._now = 0.0
        self._numbers = itertools.count(1)
        self._selector = _Selector(self)
        self.steps = 0
        self.before_step: Callable[[], None] | None = None
        self.on_task: Callable[[asyncio.Task[Any], Context | None], None] | None = None

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._now

    def pass_time(self, timeout: float | None) -> None:
        """One turn: `timeout` is 0 when something is ready, None when nothing ever will be."""
        if timeout is None:
            raise Stuck("nothing is left to happen")
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Stuck(f"{MOST_STEPS} steps at {self._now:.3f} s")
        # A hair more than asked for, so that the timer is due whatever the rounding.
        self._now += timeout + 1e-9 if timeout > 0 else 0.0
        if self.before_step is not None:
            self.before_step()

    def create_future(self) -> asyncio.Future[Any]:
        """A future with a number."""
        future: _Future[Any] = _Future(loop=self)
        future.number = next(self._numbers)
        return future

    def create_task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        name: object = None,
        context: Context | None = None,
        **_: Any,
    ) -> asyncio.Task[T]:
        """A task with a number."""
        number = next(self._numbers)
        made = _Task.__new__(_Task)
        # Before the task registers itself anywhere by its hash.
        made.number = number
        made.__init__(coro, loop=self, name=str(name or f"task-{number}"), context=context)  # type: ignore[misc]  # see above
        if self.on_task is not None:
            self.on_task(made, context)
        return made

    def set_aside(self, chosen: Callable[[Context], bool]) -> list[asyncio.Handle]:
        """Take what is ready to run and whose context is chosen out of the loop; answers it, in order."""
        taken = [handle for handle in self._ready if chosen(_context_of(handle))]
        if taken:
            left = [handle for handle in self._ready if not chosen(_context_of(handle))]
            self._ready.clear()
            self._ready.extend(left)
        return taken

    def put_back(self, handles: list[asyncio.Handle]) -> None:
        """Let what was set aside run after all that is ready."""
        self._ready.extend(handles)

    def _process_events(self, event_list: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody sleeps."""


def _context_of(handle: asyncio.Handle) -> Context:
    context: Context = handle._context  # type: ignore[attr-defined]  # of every version that we run on
    return context


@contextmanager
def running_on(
    loop: VirtualLoop, monotonic: Callable[[], float], wall: Callable[[], float]
) -> Iterator[VirtualLoop]:
    """All that asks the `time` module is told the made-up time while the body runs; closes the loop."""
    with (
        patch("time.monotonic", monotonic),
        patch("time.time", wall),
        patch("time.perf_counter", monotonic),
        patch("subgraphs.customer.publishing.sending.monotonic", monotonic),
    ):
        try:
            yield loop
        finally:
            loop.close()
