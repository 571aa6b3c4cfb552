"""kernel.threads: a call that hangs does not hold up who waits for it, nor the calls after it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from kernel.threads import Threads

LONG = 60.0


@pytest.fixture
def threads() -> Iterator[Threads]:
    """Two of them."""
    threads = Threads("test", 2)
    yield threads
    threads.close()


async def test_a_call_answers_or_raises_as_itself(threads: Threads) -> None:
    """Results and exceptions come through."""
    assert await threads.run(lambda: 7, LONG) == 7
    with pytest.raises(KeyError):
        await threads.run(lambda: dict[str, int]()["x"], LONG)


async def test_calls_go_on_while_all_threads_hang(threads: Threads) -> None:
    """As many calls as there are threads hang; they are given up, and the next call is served."""
    release = threading.Event()
    try:
        hanging = [threads.run(lambda: release.wait(LONG), 0.01) for _ in range(2)]
        assert [type(each) for each in await asyncio.gather(*hanging, return_exceptions=True)] == [
            TimeoutError,
            TimeoutError,
        ]
        assert await threads.run(lambda: "served", LONG) == "served"
    finally:
        release.set()


async def test_a_call_that_waits_for_a_thread_is_not_made_after_its_time(threads: Threads) -> None:
    """What nobody waits for any more does not happen later."""
    release, made = threading.Event(), threading.Event()
    try:
        calls = [threads.run(lambda: release.wait(LONG), 0.05) for _ in range(2)]
        late = threads.run(made.set, 0.02)
        await asyncio.gather(*calls, late, return_exceptions=True)
    finally:
        release.set()
    assert await threads.run(lambda: "after", LONG) == "after"
    assert not made.is_set()
