"""A process that kills itself at any call of any of its ports: nothing lost, nothing doubled, order right."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic

import asyncpg
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from pymongo.errors import PyMongoError

from devstack import state
from devstack.layout import DataFolder
from tests.kit.chaos_checker import Verdict, judge
from tests.kit.chaos_facts import idempotency_hash, read_facts
from tests.kit.crash_point import POINTS, CrashPoints
from tests.kit.crash_stack import FOLDER
from tests.kit.folders import open_folder
from tests.kit.graph import EVERYTHING
from tests.kit.ledger import Entry, Ledger, Outcome
from tests.kit.ledger_client import LedgerClient, input_of
from tests.kit.stack import Stack

#: Seconds for a process to come back and everything to arrive, on a busy machine.
SETTLE_SECONDS = 90.0
#: Seconds between two tries of a client, and between two looks into the stores.
PAUSE = 0.2
#: Calls that only happen while a target is slow.
SLOW_CALLS = ("router.before-visibility", "router.after-visibility")
#: No run of four mutations makes more calls of one port than this.
MOST_CALLS = 30


@dataclass
class World:
    """A stack whose processes can be told when to die, and all that was ever asked of it."""

    stack: Stack
    points: CrashPoints
    ledger: Ledger = field(default_factory=Ledger)
    #: The customer of the run before, who is erased in the next one.
    previous: str | None = None

    async def change(self) -> None:
        """One run: a customer with a debt and a purchase; the one before is erased. Returns when accepted."""
        token = await asyncio.to_thread(self.stack.token, EVERYTHING)
        async with LedgerClient.connected(self.stack.url, token, self.ledger) as client:
            registered = await self._accepted(client, "registerCustomer")
            customer = registered.customer_id
            async with asyncio.TaskGroup() as clients:
                clients.create_task(self._accepted(client, "addDebt", customer))
                clients.create_task(self._accepted(client, "recordCardPurchase", customer))
                if self.previous is not None:
                    clients.create_task(self._accepted(client, "eraseCustomer", self.previous))
        self.previous = customer

    async def _accepted(self, client: LedgerClient, mutation: str, customer: str | None = None) -> Entry:
        """Send a mutation again and again under one idempotency key, as a patient client does."""
        key = str(uuid.uuid4())
        entry = self.ledger.open(mutation, key, input_of(mutation, key, customer))
        ends_at = monotonic() + SETTLE_SECONDS
        while monotonic() < ends_at:
            await client.send(entry)
            if entry.outcome is Outcome.ACCEPTED:
                return entry
            await asyncio.sleep(PAUSE)
        raise AssertionError(f"{mutation} was not accepted: {client.reasons}")

    async def settled(self) -> Verdict:
        """The verdict once all has arrived and the queues are empty, or the last one when that never is."""
        ends_at = monotonic() + SETTLE_SECONDS
        verdict = Verdict(missing=["the stores could not be read"])
        while monotonic() < ends_at:
            with suppress(OSError, asyncpg.PostgresError, PyMongoError, BotoCoreError, ClientError):
                facts = await read_facts(self.stack.data)
                verdict = judge(self.ledger, facts, idempotency_hash(self.stack.data))
                assert facts.dead_lettered == 0
                if facts.queued == 0 and not verdict.missing:
                    break
            await asyncio.sleep(PAUSE)
        return verdict

    @asynccontextmanager
    async def slow_rating(self, point: str) -> AsyncIterator[None]:
        """Rating does not answer during the body, nor after it until the point's process has died."""
        with self._suspended("rating"):
            yield
            ends_at = monotonic() + SETTLE_SECONDS
            while self.points.armed(point):
                assert monotonic() < ends_at, f"{point} was not reached"
                await asyncio.sleep(PAUSE)

    @contextmanager
    def _suspended(self, name: str) -> Iterator[None]:
        record = state.load(DataFolder.at(self.stack.data))
        assert record is not None
        identity = record.named(name).identity
        assert identity is not None
        os.kill(identity.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(identity.pid, signal.SIGCONT)


@pytest.fixture(scope="module", name="world")
def mortal_stack(request: pytest.FixtureRequest) -> Iterator[World]:
    with open_folder(request) as folder:
        points = folder / "points"
        points.mkdir()
        environment = {
            FOLDER: str(points),
            "LOG_FORMAT": "json",
            "RELAY_OBSERVE_SECONDS": "0.5",
            "RELAY_POLL_SECONDS": "0.5",
        }
        program = (sys.executable, "-m", "tests.kit.crash_stack")
        stack = Stack(folder / "data", folder / "output.txt", environment=environment, program=program)
        stack.start()
        yield World(stack, CrashPoints(points))
        assert stack.stop() == 0


@dataclass
class Schedule:
    """One process's points, each with 1, 2, 3, … until a run makes no such call."""

    process: str
    places: list[str]
    number: int = 1
    #: How often the process has died.
    deaths: int = 0

    @property
    def point(self) -> str:
        """The present one."""
        return f"{self.process}.{self.places[0]}"

    def learn(self, *, died: bool) -> None:
        """Go on with the next call, or with the next point when there was no such call."""
        assert died or self.number > 1, f"{self.point} is never called"
        assert self.number < MOST_CALLS
        self.deaths += died
        self.number = self.number + 1 if died else 1
        if not died:
            del self.places[0]


async def test_processes_that_die_at_any_call_lose_and_double_nothing(world: World) -> None:
    """Each process dies once at every call that a run of changes makes, and all arrives once, in order.

    The five processes go through their calls side by side, so that most runs meet several deaths.
    """
    schedules = [
        Schedule(process, [place for place in places if f"{process}.{place}" not in SLOW_CALLS])
        for process, places in POINTS.items()
    ]
    while pending := [schedule for schedule in schedules if schedule.places]:
        armed = [f"{schedule.point} {schedule.number}" for schedule in pending]
        for schedule in pending:
            world.points.arm(schedule.point, schedule.number)
        await world.change()
        verdict = await world.settled()
        assert verdict.clean, (armed, verdict)
        for schedule in pending:
            schedule.learn(died=not world.points.disarm(schedule.point))
    assert {schedule.process for schedule in schedules if schedule.deaths == 0} == set()


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("point", SLOW_CALLS)
async def test_a_router_that_dies_while_a_target_is_slow_loses_nothing(
    world: World, point: str, number: int
) -> None:
    """It dies where it renews its hold on a message, or gives it back; all arrives once, in order."""
    world.points.arm(point, number)
    async with world.slow_rating(point):
        await world.change()
    verdict = await world.settled()
    assert verdict.clean, verdict
