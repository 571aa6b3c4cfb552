"""A relay on a real PostgreSQL and the in-memory SQS."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from random import Random

import pytest
from pydantic import SecretStr

from kernel.events import Envelope
from subgraphs.customer.publishing.pump import Pump
from subgraphs.customer.publishing.queue import dead_letter_name
from subgraphs.customer.publishing.settings import RelaySettings
from subgraphs.customer.relay import Relay
from subgraphs.customer.store.outbox_reader import OutboxReader
from tests.kit.fake_queues import FakePublisher
from tests.kit.fake_sqs import FakeSqs
from tests.kit.outbox import ACTIVITY_QUEUE, RATING_QUEUE
from tests.kit.postgres import CustomerDatabase

__all__ = ["pump_for", "reader", "running", "sequences", "settings_for", "sqs", "until"]


def settings_for(database: CustomerDatabase, **overrides: object) -> RelaySettings:
    """Settings that wait shortly."""
    values: dict[str, object] = {
        "customer_relay_database_url": SecretStr(database.relay_url),
        "relay_poll_seconds": 30.0,
        "relay_backoff_base_seconds": 0.01,
        "relay_backoff_cap_seconds": 0.02,
        "relay_observe_seconds": 0.05,
        "relay_depth_poll_seconds": 0.01,
        "relay_create_queues": True,
        **overrides,
    }
    return RelaySettings.model_validate(values)


@pytest.fixture
def sqs() -> FakeSqs:
    """Both queues and their DLQs, at a time that stands still."""
    fake = FakeSqs(clock=lambda: 1_000.0)
    for queue in (RATING_QUEUE, ACTIVITY_QUEUE):
        fake.create_queue(dead_letter_name(queue))
        fake.create_queue(queue)
    return fake


@pytest.fixture
async def reader(customer_database: CustomerDatabase) -> AsyncIterator[OutboxReader]:
    """The outbox as the relay's role sees it."""
    reader = OutboxReader(customer_database.relay_url, connections=6)
    yield reader
    await reader.close()


def pump_for(
    reader: OutboxReader, publisher: FakePublisher, settings: RelaySettings, queue: str = RATING_QUEUE
) -> Pump:
    """One pump, of the rating queue unless another one is named."""
    return Pump(queue, reader, publisher, settings, Random(1))


async def until(condition: Callable[[], Coroutine[None, None, bool]], seconds: float = 10.0) -> None:
    """Return when the condition holds; fail when it does not in time."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[None]:
    """The relay runs for as long as the body does."""
    relay.start()
    try:
        yield
    finally:
        await relay.stop()


def sequences(sqs: FakeSqs, queue: str = RATING_QUEUE) -> dict[str, list[int]]:
    """By customer, the versions in the order in which the queue got them."""
    found: dict[str, list[int]] = defaultdict(list)
    for message in sqs.messages(queue):
        found[message.group].append(Envelope.from_json(message.body).sequence)
    return found
