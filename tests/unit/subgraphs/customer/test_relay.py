"""The relay on a real PostgreSQL and the in-memory SQS."""

from __future__ import annotations

import asyncio
import json
import uuid

import asyncpg
import pytest

from kernel.events import CUSTOMER_PROFILE, Envelope
from subgraphs.customer.publishing.pump import Pump
from subgraphs.customer.publishing.queue import QueuePolicy, dead_letter_name
from subgraphs.customer.relay import Relay
from subgraphs.customer.store.outbox_reader import OutboxReader
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

__all__ = ["reader", "sqs"]


async def test_event_reaches_its_queue_as_an_envelope(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """The customer is the group, the event the de-duplication id, the payload the envelope's data."""
    customer = uuid.uuid4()
    (event,) = await append(
        customer_database, [Row(customer, 1, payload={"city": "São Luís", "debts": [{"amount": "10.50"}]})]
    )
    await pump_for(reader, FakePublisher(sqs), settings_for(customer_database)).publish(100)
    (message,) = sqs.messages(RATING_QUEUE)
    envelope = Envelope.from_json(message.body)
    assert (message.group, message.deduplication) == (str(customer), event)
    assert (envelope.id, envelope.type, envelope.sequence) == (event, CUSTOMER_PROFILE, 1)
    assert envelope.data == {"city": "São Luís", "debts": [{"amount": "10.50"}]}
    assert await unpublished(customer_database) == 0


async def test_notification_wakes_the_relay(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """A commit is published without waiting for the next poll, which is half a minute away."""
    publisher = FakePublisher(sqs)
    relay = Relay(settings_for(customer_database), reader, publisher)

    async def listening() -> bool:
        return (await relay.ready())["listening"]

    async def empty() -> bool:
        return await unpublished(customer_database) == 0

    async with running(relay):
        await until(listening)
        await append(customer_database, [Row(uuid.uuid4(), 1)])
        await until(empty)
    assert len(sqs.messages(RATING_QUEUE)) == 1


async def test_relay_is_ready_when_it_hears_and_reaches_its_queues(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """Readiness names each queue, the ear and the tasks."""
    relay = Relay(settings_for(customer_database), reader, FakePublisher(sqs))

    async def well() -> bool:
        return all((await relay.ready()).values())

    assert not await well()
    async with running(relay):
        await until(well)
    assert not await well()


async def test_order_is_kept_by_many_pumps(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """Whatever number of relays, each customer's events arrive in the order of their commits, once each."""
    customers = [uuid.uuid4() for _ in range(30)]
    for sequence in range(1, 9):
        await append(customer_database, [Row(customer, sequence) for customer in customers])
    settings = settings_for(customer_database, relay_claim_per_customer=3)
    pumps = [pump_for(reader, FakePublisher(sqs), settings) for _ in range(4)]

    async def drain(pump: Pump) -> None:
        while await unpublished(customer_database):
            await pump.publish(25)

    await asyncio.gather(*(drain(pump) for pump in pumps))
    assert sequences(sqs) == {str(customer): list(range(1, 9)) for customer in customers}


async def test_uncommitted_event_is_not_published_and_not_skipped(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """An event with an earlier position that commits later is published then: no "last id" is remembered."""
    early, late = uuid.uuid4(), uuid.uuid4()
    pump = pump_for(reader, FakePublisher(sqs), settings_for(customer_database))
    await append(customer_database, [Row(early, 1), Row(late, 1)])
    await pump.publish(10)
    connection = await asyncpg.connect(customer_database.superuser_url)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(
        """INSERT INTO customer_graph.outbox (id, aggregatetype, aggregateid, type, payload, sequence, queue)
           VALUES (gen_random_uuid(), 'customer', $1, $2, '{}', 2, $3)""",
        early, CUSTOMER_PROFILE, RATING_QUEUE,
    )  # fmt: skip
    await append(customer_database, [Row(late, 2)])
    await pump.publish(10)
    assert sequences(sqs) == {str(early): [1], str(late): [1, 2]}
    await transaction.commit()
    await connection.close()
    await pump.publish(10)
    assert sequences(sqs) == {str(early): [1, 2], str(late): [1, 2]}


async def test_refused_entry_holds_back_its_customer_alone(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """An entry that SQS refuses is sent again before the customer's later events; other customers go on."""
    unlucky, lucky = uuid.uuid4(), uuid.uuid4()
    ids = await append(customer_database, [Row(unlucky, 1), Row(unlucky, 2), Row(lucky, 1), Row(lucky, 2)])
    publisher = FakePublisher(sqs)
    publisher.reject[ids[0]] = "InternalError"
    pump = pump_for(reader, publisher, settings_for(customer_database))
    assert (await pump.publish(100)).failed
    assert sequences(sqs) == {str(lucky): [1, 2]}
    assert not (await pump.publish(100)).failed
    assert sequences(sqs) == {str(lucky): [1, 2], str(unlucky): [1, 2]}


async def test_outage_of_the_queue_loses_nothing(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """While SQS does not answer events stay in the outbox, and go when it is back."""
    publisher = FakePublisher(sqs)
    publisher.outages = 7
    relay = Relay(settings_for(customer_database), reader, publisher)
    customer = uuid.uuid4()
    await append(customer_database, [Row(customer, sequence) for sequence in range(1, 6)])

    async def empty() -> bool:
        return await unpublished(customer_database) == 0

    async with running(relay):
        await until(empty)
    assert sequences(sqs) == {str(customer): [1, 2, 3, 4, 5]}


@pytest.mark.parametrize("after", [False, True], ids=["before the send", "between send and mark"])
@pytest.mark.parametrize("at", range(1, 7))
async def test_crash_at_any_send_loses_and_reorders_nothing(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs, at: int, *, after: bool
) -> None:
    """A relay that dies at its n-th send has marked nothing; the next one sends all again."""
    customers = [uuid.uuid4() for _ in range(12)]
    await append(customer_database, [Row(customer, n) for n in (1, 2, 3) for customer in customers])
    settings = settings_for(customer_database, relay_sends=2)
    dying = pump_for(reader, FakePublisher(sqs, CrashPoint(at, after=after)), settings)
    with pytest.raises(BaseExceptionGroup) as death:
        await dying.publish(100)
    assert death.group_contains(Crash)
    assert await unpublished(customer_database) == 36
    await pump_for(reader, FakePublisher(sqs), settings).publish(100)
    assert sequences(sqs) == {str(customer): [1, 2, 3] for customer in customers}
    assert await unpublished(customer_database) == 0


async def test_body_above_the_limit_is_told_to_the_dead_letter_queue(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """It goes without its data but with the reason, and the customer's later events go on."""
    customer = uuid.uuid4()
    large = {"city": "Rio de Janeiro " * 200}
    ids = await append(customer_database, [Row(customer, 1, payload=large), Row(customer, 2)])
    settings = settings_for(customer_database, relay_max_message_bytes=2_000)
    await pump_for(reader, FakePublisher(sqs), settings).publish(100)
    (dead,) = sqs.messages(dead_letter_name(RATING_QUEUE))
    assert (dead.attributes["reason"], dead.attributes["event_id"]) == ("BODY_TOO_LARGE", ids[0])
    assert Envelope.from_json(dead.body).data == {}
    assert sequences(sqs) == {str(customer): [2]}
    assert await unpublished(customer_database) == 0


async def test_event_stays_until_the_dead_letter_queue_knows(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """When the DLQ cannot be told either, nothing is marked and nothing of this customer is sent."""
    customer = uuid.uuid4()
    await append(customer_database, [Row(customer, 1, payload={"city": "Rio " * 1000}), Row(customer, 2)])
    publisher = FakePublisher(sqs)
    publisher.outages = 1
    settings = settings_for(customer_database, relay_max_message_bytes=2_000)
    assert (await pump_for(reader, publisher, settings).publish(100)).failed
    assert sequences(sqs) == {}
    assert await unpublished(customer_database) == 2


async def test_characters_that_sqs_refuses_travel_as_escapes(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """U+FFFE and U+FFFF are no reason to lose an event: JSON can say them in ASCII."""
    customer = uuid.uuid4()
    await append(customer_database, [Row(customer, 1, payload={"city": "A\uffffB\ufffeC\u0007"})])
    await pump_for(reader, FakePublisher(sqs), settings_for(customer_database)).publish(10)
    (message,) = sqs.messages(RATING_QUEUE)
    assert json.loads(message.body)["data"] == {"city": "A\uffffB\ufffeC\u0007"}


async def test_batch_holds_ten_messages_of_ten_customers(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """Batches are full, and no two events of one customer share one."""
    customers = [uuid.uuid4() for _ in range(20)]
    await append(customer_database, [Row(customer, n) for n in (1, 2) for customer in customers])
    publisher = FakePublisher(sqs)
    await pump_for(reader, publisher, settings_for(customer_database, relay_sends=1)).publish(100)
    owner = {message.deduplication: message.group for message in sqs.messages(RATING_QUEUE)}
    assert [len(ids) for _, ids in publisher.batches] == [10, 10, 10, 10]
    assert all(len({owner[event] for event in ids}) == len(ids) for _, ids in publisher.batches)


async def test_queue_is_not_filled_above_its_bound(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """With a depth bound the relay sends only what the queue has room for, and the rest when it drains."""
    await append(customer_database, [Row(uuid.uuid4(), 1) for _ in range(40)])
    publisher = FakePublisher(sqs)
    relay = Relay(settings_for(customer_database, relay_max_queue_depth=15), reader, publisher)
    most = 0

    async def drained() -> bool:
        nonlocal most
        most = max(most, len(sqs.messages(RATING_QUEUE)))
        for message in sqs.receive(RATING_QUEUE, 3, 30):
            sqs.delete(RATING_QUEUE, message.receipt)
        return await unpublished(customer_database) == 0

    async with running(relay):
        await until(drained)
    assert 0 < most <= 15


async def test_backlog_is_claimed_in_bounded_parts(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """A claim holds no more than its limit, and of one customer no more than its share, whatever waits."""
    busy = uuid.uuid4()
    await append(customer_database, [Row(busy, n) for n in range(1, 101)])
    await append(customer_database, [Row(uuid.uuid4(), 1) for _ in range(30)])
    async with reader.claim(RATING_QUEUE, 50, 20) as claim:
        sizes = [len(lane) for lane in claim.lanes]
    assert sum(sizes) <= 50
    assert max(sizes) <= 20


async def test_claims_of_two_relays_share_no_customer(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """While one relay has a customer's first event, no other one gets a later event of this customer."""
    customers = [uuid.uuid4() for _ in range(10)]
    await append(customer_database, [Row(customer, n) for n in (1, 2) for customer in customers])
    async with reader.claim(RATING_QUEUE, 6, 1) as first, reader.claim(RATING_QUEUE, 100, 5) as second:
        ours = {lane[0].customer_id for lane in first.lanes}
        theirs = {lane[0].customer_id for lane in second.lanes}
    assert len(ours) == 6
    assert theirs == set(customers) - ours


async def test_missing_queue_is_an_outage_where_the_relay_must_not_create(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """On AWS queues are made by the template; the relay waits and is not ready."""
    settings = settings_for(customer_database, relay_create_queues=False)
    sqs.delete_queue(RATING_QUEUE)
    relay = Relay(settings, reader, FakePublisher(sqs))

    async def one_well() -> bool:
        return (await relay.ready())[f"queue {ACTIVITY_QUEUE}"]

    async with running(relay):
        await until(one_well)
        assert not (await relay.ready())[f"queue {RATING_QUEUE}"]
    assert not sqs.exists(RATING_QUEUE)


async def test_policy_of_created_queues_keeps_messages_longest() -> None:
    """Queues that the relay makes keep what they hold for the fourteen days that SQS allows."""
    assert QueuePolicy().retention_seconds == 14 * 24 * 3600
