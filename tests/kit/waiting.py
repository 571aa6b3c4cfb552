"""Waiting for a condition, with a bound."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["eventually", "is_soon"]

T = TypeVar("T")
_POLL_SECONDS = 0.05


def is_soon(condition: Callable[[], object], seconds: float = 10.0) -> bool:
    """Whether the condition becomes true within that many seconds."""
    ends_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends_at:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def eventually(what: str, read: Callable[[], T | None], seconds: float = 60.0) -> T:
    """The first true value of `read`; fails, naming `what` was waited for and what was read last."""
    ends_at = time.monotonic() + seconds
    while True:
        value = read()
        if value:
            return value
        if time.monotonic() > ends_at:
            raise AssertionError(f"{what}: not within {seconds:g} s (last: {value!r})")
        time.sleep(_POLL_SECONDS)
