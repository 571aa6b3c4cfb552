from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest

from devstack.servers.protocol import StartFailed
from devstack.supervisor import BACKOFF_CAP_SECONDS, Supervisor, restart_delay


@dataclass
class Member:
    """A member without a process: it is alive while `pid` is set."""

    name: str
    journal: list[str]
    port: int = 1
    url: str = "http://127.0.0.1:1"
    pid: int | None = None
    starts: int = 0
    refusals: list[str] = field(default_factory=list)
    becomes_ready: bool = True

    def start(self) -> None:
        if self.refusals:
            raise StartFailed(self.refusals.pop())
        self.starts += 1
        self.pid = self.starts
        self.journal.append(f"{self.name} started")

    def ready(self) -> bool:
        return self.pid is not None and self.becomes_ready

    def stop(self) -> None:
        self.pid = None
        self.journal.append(f"{self.name} stopped")


@dataclass
class World:
    journal: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    changes: list[None] = field(default_factory=list)

    def member(self, name: str) -> Member:
        return Member(name, self.journal)

    def supervisor(self, ready_seconds: float = 5.0) -> Supervisor:
        return Supervisor(
            ready_seconds=ready_seconds, say=self.said.append, changed=lambda: self.changes.append(None)
        )


@asynccontextmanager
async def watching(supervisor: Supervisor) -> AsyncIterator[None]:
    task = asyncio.create_task(supervisor.watch())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def test_the_delay_doubles_up_to_a_cap() -> None:
    """Deaths in a row are answered with 0.5, 1, 2, 4 … seconds, and never with more than the cap."""
    assert [restart_delay(deaths) for deaths in (1, 2, 3, 4)] == [0.5, 1.0, 2.0, 4.0]
    assert restart_delay(10) == restart_delay(100_000) == BACKOFF_CAP_SECONDS


async def test_members_stop_in_reverse_order() -> None:
    """Clients are stopped before the servers that they use."""
    world = World()
    supervisor = world.supervisor()
    await supervisor.start([world.member("postgres")])
    await supervisor.start([world.member("customer"), world.member("gateway")])
    await supervisor.stop()
    assert world.journal[3:] == ["gateway stopped", "customer stopped", "postgres stopped"]


async def test_a_dead_member_is_started_again_and_said_so() -> None:
    """A process that dies comes back, with a line that says so and one when it is ready."""
    world = World()
    supervisor = world.supervisor()
    member = world.member("router")
    await supervisor.start([member])
    async with watching(supervisor):
        member.pid = None
        await eventually(
            lambda: member.starts == 2 and "router" in world.said[-1] and "ready" in world.said[-1]
        )
    assert "router died; starting it again in 0.5 s" in world.said


async def test_a_restart_that_fails_is_tried_again() -> None:
    """A restart that the machine refuses is one more death, not the end of the supervisor."""
    world = World()
    supervisor = world.supervisor()
    member = world.member("sqs")
    await supervisor.start([member])
    member.refusals.append("port 9325 is taken")
    async with watching(supervisor):
        member.pid = None
        await eventually(lambda: member.starts == 2)
    assert "sqs could not be started again (port 9325 is taken); starting it again in 1 s" in world.said


async def test_every_change_is_reported() -> None:
    """Each start and each death is written down at once, so that `status` never lags behind."""
    world = World()
    supervisor = world.supervisor()
    member = world.member("relay")
    await supervisor.start([member])
    assert len(world.changes) == 1
    async with watching(supervisor):
        member.pid = None
        await eventually(lambda: member.starts == 2)
    assert len(world.changes) == 3


async def test_a_member_that_dies_while_starting_is_named() -> None:
    """A process that ends before it is ready stops the start, with its name."""
    world = World()
    member = world.member("rating")
    member.becomes_ready = False
    supervisor = world.supervisor()
    start = asyncio.create_task(supervisor.start([member]))
    await eventually(lambda: member.starts == 1)
    member.pid = None
    with pytest.raises(StartFailed, match="rating ended while it was starting"):
        await start
    await supervisor.stop()


async def test_a_member_that_never_gets_ready_is_named() -> None:
    """Readiness has a bound; when it is over the start fails, and what did start can still be stopped."""
    world = World()
    member = world.member("activity")
    member.becomes_ready = False
    supervisor = world.supervisor(ready_seconds=0.05)
    with pytest.raises(StartFailed, match="activity was not ready within 0.05 s"):
        await supervisor.start([member])
    await supervisor.stop()
    assert world.journal == ["activity started", "activity stopped"]
