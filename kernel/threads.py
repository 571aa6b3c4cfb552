"""Blocking calls in threads, each with an end: what hangs for ever costs a thread, never the caller."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["Threads"]

T = TypeVar("T")


class Threads:
    """At most `count` calls at once, besides those that nobody waits for any more."""

    def __init__(self, name: str, count: int) -> None:
        self._name = name
        self._count = count
        self._pool = self._new_pool()

    async def run(self, work: Callable[[], T], seconds: float) -> T:
        """What `work` returns or raises; raises TimeoutError when it takes longer than `seconds`.

        A thread cannot be stopped: one that hangs is left to itself, together with its pool, and the next
        calls get threads of their own.
        """
        pool = self._pool
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.get_running_loop().run_in_executor(pool, work)
        except TimeoutError:
            if self._pool is pool:
                pool.shutdown(wait=False)
                self._pool = self._new_pool()
            raise

    def close(self) -> None:
        """Begin no further call; what runs may end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _new_pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max_workers=self._count, thread_name_prefix=self._name)
