"""What people do while everything fails: change customers, erase them, operate the system."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

from kernel.events import CUSTOMER_ACTIVITY, CUSTOMER_ERASED, CUSTOMER_PROFILE
from router.dlq import DeadLetterQueue
from router.queue import QueueUnavailable, dead_letter_name
from tests.kit.fake_sqs import FakeSqs
from tests.simulation.checker import Checker, Committed
from tests.simulation.outbox import Outbox, Row
from tests.simulation.process import Machine
from tests.simulation.queues import SimQueues

__all__ = ["ACTIVITY_QUEUE", "RATING_QUEUE", "Customers", "Operator"]

RATING_QUEUE = "customer-rating.fifo"
ACTIVITY_QUEUE = "customer-activity.fifo"

#: Customers among whom the events are shared out: few enough that each has many, and many at once.
_CUSTOMERS = 24
#: Seconds between two transactions' beginnings, on average, and the most that one takes.
_PACE, _LONGEST = 0.2, 0.5
#: An event that no target takes: what is wrong with it, and the reason in the DLQ.
_POISONS = ("BAD_USER_INPUT", "ATTEMPTS_EXHAUSTED", "UNROUTABLE")
#: Of each operator's look at a DLQ, dead letters.
_MOST_LETTERS = 50
#: Dead letters a second that go back.
_REDRIVE_PACE = 50.0


@dataclass(eq=False)
class _Customer:
    id: UUID
    version: int = 0
    erased: bool = False
    #: As the row lock on the customer: one transaction after the other.
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Customers:
    """Mutations of the customer subgraph: each transaction appends its events, and commits or does not."""

    def __init__(self, seed: int, machine: Machine, outbox: Outbox, checker: Checker) -> None:
        self._machine = machine
        self._chaos = machine.chaos
        self._outbox = outbox
        self._checker = checker
        self._chance = Random(f"{seed}:customers")
        self._all = [self._newcomer() for _ in range(_CUSTOMERS)]
        self._transactions: set[asyncio.Task[None]] = set()

    async def act(self, events: int) -> None:
        """Begin transactions until `events` are committed; return when all transactions are over."""
        while len(self._checker.committed) < events:
            task = asyncio.create_task(self._transaction(self._chance.choice(self._all)))
            self._transactions.add(task)
            task.add_done_callback(self._transactions.discard)
            await asyncio.sleep(self._chance.expovariate(1 / _PACE))
        while self._transactions:
            await asyncio.wait(self._transactions)

    def _newcomer(self) -> _Customer:
        return _Customer(self._new_id())

    def _new_id(self) -> UUID:
        return UUID(int=self._chance.getrandbits(128), version=4)

    async def _transaction(self, customer: _Customer) -> None:
        async with customer.lock:
            if customer.erased:
                return
            version = customer.version
            if customer.version and self._chaos.strikes("erasure"):
                await self._erase(customer)
                self._all[self._all.index(customer)] = self._newcomer()
                return
            if version == 0 or self._chance.random() < 0.5:
                version += 1
                event = self._profile(customer.id, version)
            else:
                event = self._activity(customer.id, version)
            row = self._insert(event)
            await asyncio.sleep(self._chance.uniform(0, _LONGEST))
            if self._chaos.strikes("rolled_back"):
                return
            customer.version = version
            self._commit([event], [row])

    def _commit(self, events: list[Committed], rows: list[Row]) -> None:
        for event in events:
            self._checker.commit(event)
        self._outbox.commit(rows)

    def _insert(self, event: Committed) -> Row:
        return self._outbox.insert(
            (event.id, event.customer_id, event.type, event.data, event.sequence, event.queue)
        )

    async def _erase(self, customer: _Customer) -> None:
        """The rows that hold the customer's data are wiped in the same transaction; claims are waited for."""
        customer.erased = True
        held = self._outbox.of_customer(customer.id)
        transaction = object()
        await self._outbox.lock(held, transaction)
        sequence = customer.version + 1
        events = [
            Committed(self._new_id(), customer.id, CUSTOMER_ERASED, sequence, queue, {})
            for queue in (RATING_QUEUE, ACTIVITY_QUEUE)
        ]
        rows = [self._insert(event) for event in events]
        for row in held:
            row.payload = "{}"
            if row.published_at is None:
                self._outbox.mark(row)
            row.holder = None
        self._checker.erased[customer.id] = events[0]
        self._commit(events, rows)

    def _profile(self, customer: UUID, version: int) -> Committed:
        born = f"19{self._chance.randrange(50, 100)}-05-17"
        income = f"{self._chance.randrange(1_000, 20_000)}.00"
        data: dict[str, object] = {
            "birthDate": born,
            "incomes": [{"kind": "SALARY", "monthlyAmount": income, "startedOn": "2020-01-01"}],
        }
        poison, failures = self._fate()
        if poison == "BAD_USER_INPUT":
            data["birthDate"] = "1999-02-30"
        kind = "customer.unheard.v1" if poison == "UNROUTABLE" else CUSTOMER_PROFILE
        return Committed(
            self._new_id(), customer, kind, version, RATING_QUEUE, data, poison=poison, failures=failures
        )

    def _activity(self, customer: UUID, version: int) -> Committed:
        id_ = self._new_id()
        poison, failures = self._fate()
        data: dict[str, object] = {
            "eventId": str(id_),
            "customerId": str(customer),
            "kind": "TELEPATHY" if poison == "BAD_USER_INPUT" else "CARD_PURCHASE",
            "occurredAt": datetime.fromtimestamp(self._machine.now(), UTC).isoformat(),
            "amount": f"{self._chance.randrange(1, 9_000)}.90",
            "merchant": "Padaria do João",
        }
        kind = "customer.unheard.v1" if poison == "UNROUTABLE" else CUSTOMER_ACTIVITY
        return Committed(id_, customer, kind, version, ACTIVITY_QUEUE, data, poison=poison, failures=failures)

    def _fate(self) -> tuple[str | None, int]:
        if self._chaos.strikes("poison"):
            return self._chance.choice(_POISONS), 0
        return None, self._chance.randrange(1, 4) if self._chaos.strikes("flaky") else 0


class Operator:
    """Somebody who changes the routing table, replays, redrives, looks, and loses queues."""

    def __init__(self, machine: Machine, outbox: Outbox, sqs: FakeSqs, checker: Checker, table: Path) -> None:
        self._machine = machine
        self._chaos = machine.chaos
        self._outbox = outbox
        self._sqs = sqs
        self._checker = checker
        self._table = table
        self._text = table.read_text("utf-8")
        self._at_desk: list[asyncio.Task[object]] = []
        #: The commands run as a process of their own, which may die in the middle.
        self._shell = machine.process("operator", self._nothing)
        self._queues = SimQueues(sqs, self._shell, machine, checker)

    async def _nothing(self, _process: object) -> None:
        """A shell that waits for commands."""

    async def work(self) -> None:
        """Do something now and then, until cancelled."""
        while True:
            await asyncio.sleep(1)
            self._act()

    def _act(self) -> None:
        chaos, chance = self._chaos, self._chaos.random
        if chaos.strikes("stranger"):
            queue = chance.choice((RATING_QUEUE, ACTIVITY_QUEUE))
            if self._sqs.exists(queue):
                number = self._checker.next_copy()
                self._sqs.send(queue, "{not an envelope", "stranger", f"stranger-{number}", {})
        if chaos.strikes("table_change"):
            self._write(self._text + f"\n# touched at {self._machine.loop.time()}\n")
        if chaos.strikes("table_broken"):
            self._write("version: 1\nroutes: nobody knows\n")
        if chaos.strikes("route_removed"):
            self._checker.route_removed = True
            self._write("\n".join(_without_profile_route(self._text)))
        if chaos.strikes("replay"):
            since = self._outbox.now() - timedelta(seconds=chance.uniform(1, 600))
            self._outbox.replay(chance.choice((RATING_QUEUE, ACTIVITY_QUEUE)), since, self._replay_id())
        if chaos.strikes("queue_lost"):
            self._checker.queue_lost = True
            queue = chance.choice((RATING_QUEUE, ACTIVITY_QUEUE))
            for name in (queue, dead_letter_name(queue)):
                if self._sqs.exists(name):
                    self._sqs.delete_queue(name)
        if chaos.strikes("redrive"):
            self._command(self.redrive(chance.choice((RATING_QUEUE, ACTIVITY_QUEUE))))
        if chaos.strikes("operator_looks"):
            self._command(self._look(chance.choice((RATING_QUEUE, ACTIVITY_QUEUE))))

    def _replay_id(self) -> UUID:
        return UUID(int=self._chaos.random.getrandbits(128), version=4)

    def _command(self, work: Coroutine[None, None, object]) -> None:
        if self._shell.alive:
            self._at_desk = [task for task in self._at_desk if not task.done()]
            self._at_desk.append(self._shell.spawn(work))
        else:
            work.close()

    async def redrive(self, queue: str) -> int:
        """`router dlq redrive`: everything goes back."""
        try:
            return await DeadLetterQueue(self._queues, queue).redrive(
                lambda letter: letter.event_id in self._checker.committed, _REDRIVE_PACE, _MOST_LETTERS
            )
        except QueueUnavailable:
            return 0

    async def _look(self, queue: str) -> None:
        try:
            await DeadLetterQueue(self._queues, queue).letters(_MOST_LETTERS)
        except QueueUnavailable:
            return

    async def at_desk(self) -> None:
        """Return when no command runs any more."""
        while running := [task for task in self._at_desk if not task.done()]:
            await asyncio.wait(running)

    def mend_table(self) -> None:
        """The table as it is meant to be."""
        self._write(self._text)

    def _write(self, text: str) -> None:
        new = self._table.with_suffix(".new")
        new.write_text(text, "utf-8")
        os.replace(new, self._table)  # noqa: PTH105 - atomic, as a careful operator does it


def _without_profile_route(text: str) -> Iterator[str]:
    """The table's lines without the route of profile events."""
    skipping = False
    for line in text.splitlines():
        if line.strip().startswith("- on: "):
            skipping = "customer.profile" in line
        if not skipping:
            yield line
