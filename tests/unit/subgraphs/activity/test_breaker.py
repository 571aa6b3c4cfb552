"""The breaker before Elasticsearch."""

from __future__ import annotations

from random import Random

import elasticsearch
import pytest

from subgraphs.activity.store import calls
from subgraphs.activity.store.breaker import FAILURES, OPEN_CAP_SECONDS, OPEN_SECONDS, GuardedCalls
from subgraphs.activity.store.port import StoreUnavailable


class Cluster:
    """Answers, or does not; counts how often it was asked."""

    def __init__(self) -> None:
        self.down = True
        self.asked = 0

    async def __call__(self) -> str:
        self.asked += 1
        if self.down:
            raise elasticsearch.ConnectionError("refused")
        return "pong"


class World:
    """A cluster behind a breaker, and the time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.cluster = Cluster()
        self.guarded = GuardedCalls(lambda: self.now, Random(7))

    async def fail(self, times: int = 1) -> None:
        """So many calls, none of which is answered."""
        for _ in range(times):
            with pytest.raises(StoreUnavailable):
                await self.guarded(self.cluster, 1.0)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A cluster that is down; pauses are zero seconds long."""
    monkeypatch.setattr(calls, "_PAUSE_SECONDS", 0.0)
    return World()


async def test_a_dead_cluster_is_left_alone(world: World) -> None:
    """After five failed calls the next fail without asking; fewer do not open it."""
    await world.fail(FAILURES)
    asked = world.cluster.asked
    await world.fail(100)
    assert world.cluster.asked == asked


async def test_a_success_in_between_starts_the_count_again(world: World) -> None:
    """Only failures in a row mean that the cluster is down."""
    for _ in range(3):
        await world.fail(FAILURES - 1)
        world.cluster.down = False
        assert await world.guarded(world.cluster, 1.0) == "pong"
        world.cluster.down = True


async def test_one_call_tries_again_and_its_success_closes_the_breaker(world: World) -> None:
    """When the time is over the first call goes through, and then all."""
    await world.fail(FAILURES)
    world.now += OPEN_SECONDS
    world.cluster.down = False
    for _ in range(3):
        assert await world.guarded(world.cluster, 1.0) == "pong"


async def test_each_failed_try_makes_the_pause_longer_up_to_a_cap(world: World) -> None:
    """A cluster that stays down is asked ever more rarely, and at least every fifteen seconds."""
    await world.fail(FAILURES)
    for _ in range(8):
        world.now += OPEN_CAP_SECONDS
        asked = world.cluster.asked
        await world.fail(2)
        assert world.cluster.asked > asked
    asked = world.cluster.asked
    world.now += OPEN_CAP_SECONDS / 2 - 0.1
    await world.fail()
    assert world.cluster.asked == asked
