"""One run: two relays, two routers and two targets on one loop, faults by seed, and the verdict."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from unittest.mock import patch

from pydantic import SecretStr

from router.queue import dead_letter_name
from router.settings import RouterSettings
from router.worker import Worker, load_calls
from subgraphs.customer.publishing.settings import RelaySettings
from subgraphs.customer.relay import Relay
from tests.kit.fake_sqs import FakeSqs
from tests.simulation.chaos import Chaos
from tests.simulation.checker import Checker, Violation
from tests.simulation.loop import Stuck, VirtualLoop, running_on
from tests.simulation.outbox import Outbox, SimReader
from tests.simulation.people import ACTIVITY_QUEUE, RATING_QUEUE, Customers, Operator
from tests.simulation.process import Machine, Process
from tests.simulation.queues import SimPublisher, SimQueues
from tests.simulation.targets import ActivityTarget, RatingTarget, SimSession, Target
from tests.simulation.verdict import judge_end

__all__ = ["Run", "World", "simulate"]

ROOT = Path(__file__).parents[2]
QUEUES = (RATING_QUEUE, ACTIVITY_QUEUE)
#: Seconds after the last fault within which everything must have arrived: longer than any back-off, time-out
#: and late copy together.
_DRAIN_SECONDS = 3_600.0
#: Seconds beyond the longest late copy of a message.
_QUIET_SECONDS = 900.0
_DIARY_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Run:
    """What a seed led to; two runs of one seed are equal."""

    seed: int
    committed: int
    faults: Counter[str]
    #: Seconds of made-up time, and turns of the loop.
    seconds: float
    steps: int
    diary: tuple[str, ...] = field(repr=False)


def simulate(seed: int, events: int) -> Run:
    """One seed's run; raises `Violation` that says what was broken, and how to repeat it."""
    world = World(seed)
    try:
        return world.run(events)
    except (Violation, Stuck) as problem:
        last = "\n".join(world.machine.diary[-_DIARY_SHOWN:])
        raise Violation(
            f"seed {seed}: {problem}\n\nfaults on: {', '.join(sorted(world.chaos.active))}\n\n{last}\n\n"
            f"repeat: python -m tests.simulation --seeds {seed}:{seed + 1} --events {events}"
        ) from problem


class World:
    """Everything of one run."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.loop = VirtualLoop()
        self.chaos = Chaos(seed)
        self.machine = Machine(seed, self.loop, self.chaos)
        self.checker = Checker()
        self.sqs = FakeSqs(self.machine.now)
        for queue in QUEUES:
            self.sqs.create_queue(dead_letter_name(queue))
            self.sqs.create_queue(queue)
        self.outbox = Outbox(self.machine, QUEUES)
        self.rating = RatingTarget(self.machine, self.checker)
        self.activity = ActivityTarget(self.machine, self.checker)
        self._targets: dict[str, Target] = {"rating": self.rating, "activity": self.activity}
        self._relays = [self.machine.process(f"relay-{number}", self._relay) for number in (1, 2)]
        self._routers = [self.machine.process(f"router-{number}", self._router) for number in (1, 2)]
        self._workers: dict[str, Worker] = {}
        self._folder = Path()

    def run(self, events: int) -> Run:
        """Faults until `events` are committed, then peace until all has arrived; raises `Violation`."""
        with (
            tempfile.TemporaryDirectory() as folder,
            running_on(self.loop, self.machine.monotonic, self.machine.wall),
            self._network(),
        ):
            self._folder = Path(folder)
            self._write_table()
            try:
                self.loop.run_until_complete(self._story(events))
            finally:
                self._end_all()
        if self.checker.broken:
            raise Violation("; ".join(self.checker.broken))
        return Run(
            self.seed,
            len(self.checker.committed),
            self.chaos.counts,
            self.loop.time(),
            self.loop.steps,
            tuple(self.machine.diary),
        )

    async def _story(self, events: int) -> None:
        await self.activity.open()
        customers = Customers(self.seed, self.machine, self.outbox, self.checker)
        operator = Operator(self.machine, self.outbox, self.sqs, self.checker, self._folder / "router.yaml")
        for process in self.machine.processes:
            process.start()
        at_work = asyncio.create_task(operator.work())
        await customers.act(events)
        at_work.cancel()
        operator.mend_table()
        self.machine.end_faults()
        await operator.at_desk()
        await self._drained()
        await self._redriven(operator)
        await asyncio.sleep(_QUIET_SECONDS)
        await self._drained()
        judge_end(self.checker, self.outbox, self.sqs, self.rating, self.activity)

    def _end_all(self) -> None:
        """Nothing of this run goes on."""
        self.loop.before_step = None
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))

    async def _redriven(self, operator: Operator) -> None:
        """What failed for a while is sent back by an operator, until what is left is there for good."""
        ends_at = self.loop.time() + _DRAIN_SECONDS
        while waiting := [queue for queue in QUEUES if self._worth_redriving(queue)]:
            if self.checker.broken:
                return
            if self.loop.time() > ends_at:
                raise Violation(f"the dead letters of {waiting} cannot be redriven")
            for queue in waiting:
                await operator.redrive(queue)
            # Letters that a command held when it died come back after a while.
            await asyncio.sleep(10)
            await self._drained()

    def _worth_redriving(self, queue: str) -> bool:
        for letter in self.sqs.messages(dead_letter_name(queue)):
            event = self.checker.committed.get(letter.attributes.get("event_id", ""))
            if event is not None and letter.attributes.get("reason") != event.poison:
                return True
        return False

    async def _drained(self) -> None:
        ends_at = self.loop.time() + _DRAIN_SECONDS
        while self.outbox.waiting or any(
            self.sqs.messages(queue) for queue in QUEUES if self.sqs.exists(queue)
        ):
            if self.checker.broken:
                return
            if self.loop.time() > ends_at:
                left = {queue: len(self.sqs.messages(queue)) for queue in QUEUES}
                raise Violation(f"not drained: {self.outbox.waiting} in the outbox, {left} in the queues")
            await asyncio.sleep(1)

    async def _relay(self, process: Process) -> None:
        settings = RelaySettings(
            customer_relay_database_url=SecretStr("postgresql://nowhere/customer"), relay_create_queues=True
        )
        chance = Random(f"{self.seed}:{process.name}:{process.starts}")
        publisher = SimPublisher(self.sqs, process, self.machine, self.checker)
        Relay(settings, SimReader(self.outbox, process), publisher, chance).start()

    async def _router(self, process: Process) -> None:
        settings = RouterSettings(
            router_config=self._folder / "router.yaml", router_token_file=self._folder / "token"
        )
        # A process that finds the table broken at its start tries again, as its supervisor would.
        table, calls = load_calls(settings.model_copy(update={"router_config": self._folder / "good.yaml"}))
        chance = Random(f"{self.seed}:{process.name}:{process.starts}")
        queues = SimQueues(self.sqs, process, self.machine, self.checker)
        worker = Worker(settings, queues, chance)
        self._workers[process.name] = worker
        await worker.start(table, calls)

    def _write_table(self) -> None:
        text = (ROOT / "router.yaml").read_text("utf-8")
        for name in self._targets:
            port = {"rating": 4002, "activity": 4003}[name]
            variable = f"${{{name.upper()}_URL:-http://127.0.0.1:{port}/graphql}}"
            assert variable in text
            text = text.replace(variable, f"http://{name}/graphql")
        (self._folder / "router.yaml").write_text(text, "utf-8")
        (self._folder / "good.yaml").write_text(text, "utf-8")
        (self._folder / "token").write_text("token", "ascii")
        (self._folder / "schema").symlink_to(ROOT / "schema")

    @contextmanager
    def _network(self) -> Iterator[None]:
        def session() -> SimSession:
            return SimSession(self.machine.running(), self._targets)

        with patch("router.worker.new_session", session):
            yield
