"""Calling Elasticsearch: one time limit over all attempts, spread retries, driver errors translated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import SystemRandom
from typing import TypeVar

from elasticsearch import ApiError, ConflictError, NotFoundError, TransportError

from kernel.deadline import full_jitter
from subgraphs.activity.store.port import StoreUnavailable

__all__ = ["BLOCKED", "RETRIABLE", "Refused", "WritesPaused", "called", "pause"]

T = TypeVar("T")

#: Overload and nodes that come and go: the same request may succeed in a moment.
RETRIABLE = frozenset({429, 502, 503, 504})

#: The error's type while an index takes no writes, which has the status 403.
BLOCKED = "cluster_block_exception"

_ATTEMPTS = 4
#: Seconds: the first pause is at most this, each further one at most twice the one before, up to the cap.
_PAUSE_SECONDS = 0.05
_PAUSE_CAP_SECONDS = 1.0

_random = SystemRandom()


class WritesPaused(StoreUnavailable):
    """The index takes no writes for now: it is being moved to its next version. Reads go on."""


class Refused(RuntimeError):
    """Elasticsearch says that our request is wrong: a bug of ours, told by its type, not its content."""


async def called(request: Callable[[], Awaitable[T]], seconds: float) -> T:
    """What `request` answers within `seconds`, attempts and pauses together; every request is idempotent.

    Raises `StoreUnavailable` when the time or the attempts are used up, or the index is not there;
    `elasticsearch.ConflictError`, for the caller within this package, when a document exists already.
    """
    try:
        async with asyncio.timeout(seconds):
            return await _attempted(request)
    except ConflictError:
        # Somebody was first: an answer, not a failure.
        raise
    except (TimeoutError, TransportError, NotFoundError) as error:
        raise StoreUnavailable from error
    except ApiError as error:
        if error.meta.status in RETRIABLE:
            raise StoreUnavailable from error
        if error.meta.status == 403 and BLOCKED in str(error.body):
            raise WritesPaused from error
        # Without an exception's type the client makes a text of the whole body, which may quote documents.
        kind = error.error if error.error.isidentifier() else type(error).__name__
        raise Refused(f"Elasticsearch answered {error.meta.status} {kind}") from error


async def _attempted(request: Callable[[], Awaitable[T]]) -> T:
    for attempt in range(1, _ATTEMPTS):
        try:
            return await request()
        except TransportError:
            # No connection, or it broke: nothing came back.
            await pause(attempt)
        except ApiError as error:
            if error.meta.status not in RETRIABLE:
                raise
            await pause(attempt)
    return await request()


async def pause(attempt: int) -> None:
    """Wait before attempt number `attempt` + 1."""
    await asyncio.sleep(full_jitter(attempt, _PAUSE_SECONDS, _PAUSE_CAP_SECONDS, _random))
