"""The relay by boto3 on moto's server, which forgets everything when it is restarted."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from devstack.servers.sqs import Sqs
from kernel.events import Envelope
from router.queue import Message
from router.sqs import SqsQueues
from subgraphs.customer.publishing.settings import RelaySettings
from subgraphs.customer.relay import Relay
from subgraphs.customer.sqs import SqsPublisher
from subgraphs.customer.store.outbox_reader import OutboxReader
from tests.kit.outbox import RATING_QUEUE, Row, append, unpublished
from tests.kit.postgres import CustomerDatabase, free_port
from tests.kit.waiting import is_soon

#: Seconds that a busy machine may take.
_BOUND_SECONDS = 120


@pytest.fixture
def moto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sqs]:
    """A server of the test's own, and boto3's variables that point to it."""
    server = Sqs(free_port(), tmp_path / "log")
    for name, value in server.client_environment.items():
        monkeypatch.setenv(name, value)
    server.start()
    assert is_soon(server.ready, 20)
    yield server
    server.stop()


@pytest.fixture
async def relay(customer_database: CustomerDatabase, moto: Sqs) -> AsyncIterator[Relay]:
    """A running relay."""
    settings = RelaySettings.model_validate(
        {
            "customer_relay_database_url": SecretStr(customer_database.relay_url),
            "relay_create_queues": True,
            "relay_max_queue_depth": 50,
            "relay_observe_seconds": 0.1,
            "relay_backoff_cap_seconds": 0.2,
        }
    )
    reader = OutboxReader(customer_database.relay_url, connections=settings.relay_connections)
    publisher = SqsPublisher(threads=settings.relay_threads)
    relay = Relay(settings, reader, publisher)
    relay.start()
    yield relay
    await relay.stop()
    await reader.close()
    publisher.close()


async def receive_all(queues: SqsQueues, count: int) -> list[Message]:
    """That many messages; each is deleted, so that its group goes on."""
    found: list[Message] = []
    async with asyncio.timeout(_BOUND_SECONDS):
        while len(found) < count:
            for message in await queues.receive(RATING_QUEUE, 10, 1, 30):
                found.append(message)
                await queues.delete(RATING_QUEUE, [message.receipt])
    return found


async def test_restart_of_moto_loses_nothing(
    customer_database: CustomerDatabase, relay: Relay, moto: Sqs
) -> None:
    """What was in the queues when moto died is published again, before what came after."""
    queues = SqsQueues()

    async def published() -> None:
        async with asyncio.timeout(_BOUND_SECONDS):
            while await unpublished(customer_database):
                await asyncio.sleep(0.05)

    ana, bia = uuid.uuid4(), uuid.uuid4()
    await append(customer_database, [Row(ana, 1), Row(bia, 1)])
    await published()
    assert len(await receive_all(queues, 2)) == 2
    await append(customer_database, [Row(ana, 2), Row(bia, 2)])
    await published()
    moto.stop()
    await append(customer_database, [Row(ana, 3)])
    moto.start()
    assert is_soon(moto.ready, 20)
    async with asyncio.timeout(_BOUND_SECONDS):
        while not all((await relay.ready()).values()) or await unpublished(customer_database):
            await asyncio.sleep(0.05)
    # The first versions had been settled within the margin before the queue was last seen empty.
    seen: dict[str, list[int]] = {}
    for message in await receive_all(queues, 5):
        envelope = Envelope.from_json(message.body)
        seen.setdefault(envelope.subject, []).append(envelope.sequence)
    assert seen == {str(ana): [1, 2, 3], str(bia): [1, 2]}
    queues.close()


async def test_relay_fills_queues_that_did_not_exist(
    customer_database: CustomerDatabase, relay: Relay, moto: Sqs
) -> None:
    """On an empty SQS the relay makes queues and DLQs and publishes."""
    await append(customer_database, [Row(uuid.uuid4(), 1, payload={"city": "São Paulo"})])
    queues = SqsQueues()
    async with asyncio.timeout(_BOUND_SECONDS):
        while await unpublished(customer_database):
            await asyncio.sleep(0.05)
    (message,) = await receive_all(queues, 1)
    assert Envelope.from_json(message.body).data == {"city": "São Paulo"}
    queues.close()
