"""Sending events again: the queue takes them at any time, and a copy that lost all becomes whole again."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime

import asyncpg
import pytest

from kernel.events import CUSTOMER_ERASED, Envelope
from router.queue import Message
from router.sqs import SqsQueues
from subgraphs.customer.relay import Relay
from subgraphs.customer.store.outbox_reader import OutboxReader
from subgraphs.customer.store.replay import replay
from tests.kit.fake_queues import Crash, CrashPoint, FakePublisher
from tests.kit.fake_sqs import FakeSqs
from tests.kit.outbox import ACTIVITY_QUEUE, RATING_QUEUE, Row, append, unpublished
from tests.kit.postgres import CustomerDatabase
from tests.unit.subgraphs.customer.relay_world import (
    pump_for,
    reader,
    running,
    sequences,
    settings_for,
    sqs,
    until,
)
from tests.unit.subgraphs.customer.test_relay_moto import moto, receive_all, relay

__all__ = ["moto", "reader", "relay", "sqs"]

_EVER = datetime(2020, 1, 1, tzinfo=UTC)
_BOUND_SECONDS = 60.0


async def test_a_replay_right_after_the_send_is_taken_by_the_queue(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """At a time that stands still: the same events under de-duplication ids that the queue has not seen."""
    customer = uuid.uuid4()
    ids = await append(customer_database, [Row(customer, version) for version in (1, 2)])
    pump = pump_for(reader, FakePublisher(sqs), settings_for(customer_database))
    await pump.publish(100)
    for times in (2, 3):
        assert await replay(customer_database.relay_url, RATING_QUEUE, _EVER) == 2
        await pump.publish(100)
        assert sequences(sqs) == {str(customer): [1, 2] * times}
    messages = sqs.messages(RATING_QUEUE)
    assert [Envelope.from_json(message.body).id for message in messages] == ids * 3
    assert len({message.deduplication for message in messages}) == 6


async def test_nothing_overtakes_an_event_that_is_under_way_while_a_replay_begins(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """One relay has claimed version 3 when 1 and 2 begin to wait again: another one stops before 3."""
    customer = uuid.uuid4()
    await append(customer_database, [Row(customer, version) for version in (1, 2)])
    pump = pump_for(reader, FakePublisher(sqs), settings_for(customer_database))
    await pump.publish(100)
    await append(customer_database, [Row(customer, 3)])
    async with reader.claim(RATING_QUEUE, 100, 20) as claim:
        assert [[event.sequence for event in lane] for lane in claim.lanes] == [[3]]
        await replay(customer_database.relay_url, RATING_QUEUE, _EVER)
        await append(customer_database, [Row(customer, 4)])
        await pump.publish(100)
        assert sequences(sqs) == {str(customer): [1, 2, 1, 2]}
    await pump.publish(100)
    assert sequences(sqs) == {str(customer): [1, 2, 1, 2, 3, 4]}


@pytest.mark.parametrize("after", [False, True])
async def test_a_replay_whose_mark_is_lost_is_not_doubled(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs, after: bool
) -> None:
    """It is sent again under the id of its first sending, which the queue knows when it had it."""
    customer = uuid.uuid4()
    await append(customer_database, [Row(customer, 1)])
    settings = settings_for(customer_database)
    await pump_for(reader, FakePublisher(sqs), settings).publish(100)
    await replay(customer_database.relay_url, RATING_QUEUE, _EVER)
    with pytest.raises(BaseExceptionGroup) as died:
        await pump_for(reader, FakePublisher(sqs, CrashPoint(1, after)), settings).publish(100)
    assert died.group_contains(Crash)
    await pump_for(reader, FakePublisher(sqs), settings).publish(100)
    assert sequences(sqs) == {str(customer): [1, 1]}
    assert await unpublished(customer_database) == 0


async def test_a_replay_takes_what_is_of_its_queue_and_time_and_nothing_wiped(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """In batches; erasures are sent again, for a copy without them would take what comes late."""
    ana, bia = uuid.uuid4(), uuid.uuid4()
    old = await append(customer_database, [Row(ana, 1), Row(bia, 1, payload={})])
    erased = Row(bia, 2, type=CUSTOMER_ERASED, payload={})
    new = await append(customer_database, [*(Row(ana, version) for version in range(2, 9)), erased])
    await append(customer_database, [Row(ana, 9, queue=ACTIVITY_QUEUE)])
    await customer_database.rows("UPDATE customer_graph.outbox SET published_at = now()")
    long_ago = "UPDATE customer_graph.outbox SET created_at = '2025-01-01' WHERE id = ANY ($1::uuid[])"
    await customer_database.rows(long_ago, old)
    since = datetime(2025, 6, 1, tzinfo=UTC)
    assert await replay(customer_database.relay_url, RATING_QUEUE, since, batch=3) == len(new)
    waiting = await customer_database.rows(
        "SELECT id::text FROM customer_graph.outbox WHERE published_at IS NULL"
    )
    assert {row["id"] for row in waiting} == set(new)
    assert await replay(customer_database.relay_url, RATING_QUEUE, _EVER, batch=3) == 1
    await pump_for(reader, FakePublisher(sqs), settings_for(customer_database)).publish(100)
    assert sequences(sqs) == {str(ana): list(range(1, 9)), str(bia): [2]}


async def test_a_replay_finds_all_while_writes_go_on(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """Every event is in the queue once more, whatever is committed meanwhile, and the new ones once."""
    customers = [uuid.uuid4() for _ in range(20)]
    before = await append(
        customer_database, [Row(one, version) for version in (1, 2, 3) for one in customers]
    )
    relay = Relay(settings_for(customer_database), reader, FakePublisher(sqs))

    async def empty() -> bool:
        return await unpublished(customer_database) == 0

    async def write() -> list[str]:
        made: list[str] = []
        for version in range(4, 14):
            made += await append(customer_database, [Row(one, version) for one in customers])
        return made

    async with running(relay):
        await until(empty, _BOUND_SECONDS)
        made, count = await asyncio.gather(
            write(), replay(customer_database.relay_url, RATING_QUEUE, _EVER, batch=7)
        )
        await until(empty, _BOUND_SECONDS)
    sent = [Envelope.from_json(message.body).id for message in sqs.messages(RATING_QUEUE)]
    assert set(sent) == {*before, *made}
    assert all(sent.count(event) == 2 for event in before)
    assert len(sent) - len(set(sent)) == count


async def test_moto_takes_a_replay_right_after_the_send(
    customer_database: CustomerDatabase, relay: Relay
) -> None:
    """As SQS it drops what it has seen within five minutes, and this it has not."""

    customer = uuid.uuid4()
    await append(customer_database, [Row(customer, 1)])
    queues = SqsQueues()
    found: list[Message] = []
    for _ in range(2):
        async with asyncio.timeout(_BOUND_SECONDS):
            while await unpublished(customer_database) or not all((await relay.ready()).values()):
                await asyncio.sleep(0.05)
        found += await receive_all(queues, 1)
        await replay(customer_database.relay_url, RATING_QUEUE, _EVER)
    queues.close()
    assert len({Envelope.from_json(message.body).id for message in found}) == 1


async def test_only_the_relays_role_marks_what_is_to_be_sent_again(
    untouched_database: CustomerDatabase,
) -> None:
    """The service's role may wish for named events by a function, and set the column by nothing else."""
    connection = await asyncpg.connect(untouched_database.app_url)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("UPDATE customer_graph.outbox SET replay = gen_random_uuid()")
    finally:
        await connection.close()
