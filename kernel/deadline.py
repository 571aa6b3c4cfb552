"""Time limits and waiting: a deadline that nested calls can read, and back-off with full jitter."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from random import Random

__all__ = ["deadline", "full_jitter", "remaining"]

_ends_at: ContextVar[float | None] = ContextVar("deadline_ends_at", default=None)


@asynccontextmanager
async def deadline(seconds: float) -> AsyncIterator[None]:
    """Cancel the body and raise `TimeoutError` after `seconds`, or at an outer deadline before that."""
    outer = _ends_at.get()
    ends_at = time.monotonic() + seconds
    if outer is not None:
        ends_at = min(ends_at, outer)
    token = _ends_at.set(ends_at)
    try:
        async with asyncio.timeout(ends_at - time.monotonic()):
            yield
    finally:
        _ends_at.reset(token)


def remaining() -> float | None:
    """Seconds until the innermost deadline, never below 0; None when there is none."""
    ends_at = _ends_at.get()
    return None if ends_at is None else max(0.0, ends_at - time.monotonic())


def full_jitter(attempt: int, base: float, cap: float, random: Random) -> float:
    """Seconds to wait before attempt number `attempt` + 1 (the first attempt is 1).

    Uniform between 0 and `min(cap, base * 2 ** (attempt - 1))`: AWS Architecture Blog, "Exponential
    Backoff and Jitter", variant *full jitter*, which spreads a crowd best.
    """
    exponent = min(max(attempt - 1, 0), 62)
    return random.uniform(0.0, min(cap, base * float(2**exponent)))
