"""A router between an in-memory SQS and a fake target, in one event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from kernel.events import CUSTOMER_PROFILE, SOURCE, Envelope, new_id
from router.calls import compile_calls, load_schemas
from router.config import Table, parse_table
from router.consumer import Consumer
from router.delivery import Delivery
from router.queue import dead_letter_name
from router.targets import Target, new_session
from tests.kit.fake_queues import FakeQueues
from tests.kit.fake_sqs import FakeSqs, StoredMessage
from tests.kit.fake_target import FakeTarget, fake_target

__all__ = ["CONTRACTS", "QUEUE", "World", "envelope", "open_world", "table_text"]

CONTRACTS = Path(__file__).resolve().parents[2] / "contract"
QUEUE = "customer-rating.fifo"
_EVENT = "{eventId: id, customerId: subject, version: to_number(sequence), occurredAt: time, profile: data}"


def table_text(url: str, **options: object) -> str:
    """A routing table with one queue; options are the queue's, those of the target start with `target_`."""
    target: dict[str, object] = {"url": url, "schema": CONTRACTS / "rating.graphql", "timeout": "2s"}
    target |= {
        key.removeprefix("target_"): value for key, value in options.items() if key.startswith("target_")
    }
    queue: dict[str, object] = {"wait": "0s", "visibility_timeout": "30s"}
    queue |= {key: value for key, value in options.items() if not key.startswith("target_")}
    lines = ["version: 1", "targets:", "  rating:"]
    lines += [f"    {key}: {value}" for key, value in target.items()]
    lines += ["queues:", f"  {QUEUE}:"]
    lines += [f"    {key}: {value}" for key, value in queue.items()]
    lines += [
        "    routes:",
        f"      - on: {CUSTOMER_PROFILE}",
        "        to: rating",
        "        mutation: applyProfile",
        f'        arguments: {{event: "{_EVENT}"}}',
    ]
    return "\n".join(lines)


def envelope(customer: str, sequence: int, event_type: str = CUSTOMER_PROFILE) -> Envelope:
    """An event of a customer."""
    profile: dict[str, object] = {"birthDate": "1980-05-17", "debts": [], "assets": [], "incomes": []}
    return Envelope(new_id(), SOURCE, event_type, customer, datetime.now(UTC), sequence, profile)


class FixedToken:
    """A token that never ends."""

    async def current(self) -> str:
        """See `router.tokens.Tokens`."""
        return "a-token"

    def rejected(self, token: str) -> None:
        """See `router.tokens.Tokens`."""


@dataclass(repr=False)
class World:
    """Everything a consumer works with."""

    table: Table
    sqs: FakeSqs
    queues: FakeQueues
    target: FakeTarget
    router_target: Target
    consumer: Consumer
    running: asyncio.Task[None] | None = None

    def send(self, customer: str, *versions: int) -> list[str]:
        """Put events into the queue; their ids."""
        ids = []
        for version in versions:
            event = envelope(customer, version)
            self.sqs.send(QUEUE, event.to_json().decode(), customer, event.id)
            ids.append(event.id)
        return ids

    def start(self) -> None:
        """Begin to consume."""
        self.running = asyncio.create_task(self.consumer.run())

    async def stop(self) -> None:
        """Drain."""
        self.consumer.stop()
        if self.running is not None:
            await self.running

    async def until(self, condition: Callable[[], object], seconds: float = 15.0) -> None:
        """Return when the condition holds; fail when it does not in time, or the consumer has died."""
        async with asyncio.timeout(seconds):
            while not condition():
                assert self.running is None or not self.running.done(), self.running
                await asyncio.sleep(0.005)

    async def settle(self, seconds: float = 15.0) -> None:
        """Wait until the queue is empty."""
        await self.until(lambda: not self.sqs.messages(QUEUE), seconds)

    @property
    def dead(self) -> list[StoredMessage]:
        """What the DLQ holds."""
        return self.sqs.messages(dead_letter_name(QUEUE))


@asynccontextmanager
async def open_world(
    sqs: FakeSqs | None = None, queues: FakeQueues | None = None, **options: object
) -> AsyncIterator[World]:
    """A world whose consumer has not begun; stopped at the end if it has."""
    sqs = sqs or FakeSqs(time.monotonic)
    sqs.create_queue(dead_letter_name(QUEUE))
    sqs.create_queue(QUEUE)
    queues = queues or FakeQueues(sqs)
    async with fake_target() as target, new_session() as session:
        table = parse_table(Path("router.yaml"), table_text(target.url, **options), {})
        calls = compile_calls(table, load_schemas(table))
        targets = {name: Target(config, session, FixedToken()) for name, config in table.targets.items()}
        queue = table.queues[QUEUE]
        delivery = Delivery(queue, calls[QUEUE], targets, Random(7))
        consumer = Consumer(queues, queue, delivery, targets)
        world = World(table, sqs, queues, target, targets["rating"], consumer)
        try:
            yield world
        finally:
            target.open.set()
            if world.running is not None and not world.running.done():
                await world.stop()
