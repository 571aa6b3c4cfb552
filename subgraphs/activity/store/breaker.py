"""A breaker before Elasticsearch: a cluster that does not answer is left alone, and callers hear at once."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from random import Random, SystemRandom
from typing import TypeVar

from elasticsearch import ConflictError

from kernel import telemetry
from subgraphs.activity.store.calls import Refused, WritesPaused, called
from subgraphs.activity.store.port import StoreUnavailable

__all__ = ["GuardedCalls"]

T = TypeVar("T")

#: Calls in a row that must fail before the breaker opens; each has made its own attempts by then.
FAILURES = 5
#: Seconds that it stays open the first time; each further time up to twice as long, up to the cap.
OPEN_SECONDS = 1.0
OPEN_CAP_SECONDS = 15.0


class GuardedCalls:
    """Calls like `calls.called`, except that they fail at once while the breaker is open.

    When the time is over one call is let through: its success closes the breaker, its failure opens it again.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, random: Random | None = None) -> None:
        self._clock = clock
        self._random = random or SystemRandom()
        self._failures = 0
        self._openings = 0
        self._open_until = 0.0
        self._probing = False

    async def __call__(self, request: Callable[[], Awaitable[T]], seconds: float) -> T:
        """See `calls.called`."""
        probing = self._admit()
        try:
            answer = await called(request, seconds)
        except (ConflictError, Refused, WritesPaused):
            self._succeeded()  # it answered
            raise
        except StoreUnavailable:
            self._failed()
            raise
        else:
            self._succeeded()
        finally:
            if probing:
                self._probing = False
        return answer

    def _admit(self) -> bool:
        """Whether this call is the one that tries; raises `StoreUnavailable` when it may not be made."""
        if self._failures < FAILURES:
            return False
        if self._probing or self._clock() < self._open_until:
            raise StoreUnavailable
        self._probing = True
        return True

    def _failed(self) -> None:
        self._failures += 1
        if self._failures < FAILURES:
            return
        longest = min(OPEN_CAP_SECONDS, OPEN_SECONDS * 2.0 ** min(self._openings, 10))
        # Spread, so that the copies of this process do not all come back at one moment.
        seconds = longest * self._random.uniform(0.5, 1.0)
        self._open_until = self._clock() + seconds
        self._openings += 1
        telemetry.get_logger().warning("activity.store_left_alone", seconds=round(seconds, 2))

    def _succeeded(self) -> None:
        if self._openings:
            telemetry.get_logger().info("activity.store_is_back")
        self._failures = self._openings = 0
