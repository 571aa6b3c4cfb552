"""kernel.deadline: limits nest, and waiting is jittered."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from kernel.deadline import deadline, full_jitter, remaining


async def test_the_earliest_of_nested_deadlines_counts() -> None:
    """An inner limit cannot outlast the outer one."""
    assert remaining() is None
    async with deadline(5), deadline(60):
        left = remaining()
        assert left is not None
        assert left <= 5
    assert remaining() is None


async def test_a_deadline_cancels_its_body() -> None:
    """What waits too long is ended with TimeoutError."""
    with pytest.raises(TimeoutError):
        async with deadline(0.01):
            await asyncio.Event().wait()


def test_back_off_grows_to_its_cap_and_is_spread_from_zero() -> None:
    """Full jitter: uniform between nothing and the exponential bound."""
    random = Random(1)
    for attempt in (1, 2, 3, 10, 1_000):
        bound = min(30.0, 0.5 * 2 ** (min(attempt, 20) - 1))
        waits = [full_jitter(attempt, 0.5, 30.0, random) for _ in range(500)]
        assert 0 <= min(waits) < bound * 0.05
        assert bound * 0.95 < max(waits) <= bound
