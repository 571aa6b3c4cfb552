"""The relay on a real PostgreSQL and the in-memory SQS."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random

import asyncpg
import pytest
from pydantic import SecretStr

from kernel.events import CUSTOMER_ERASED, CUSTOMER_PROFILE, Envelope
from subgraphs.customer.publishing.pump import Pump
from subgraphs.customer.publishing.queue import QueuePolicy, dead_letter_name
from subgraphs.customer.publishing.settings import RelaySettings
from subgraphs.customer.publishing.watch import Watch
from subgraphs.customer.relay import Relay
from subgraphs.customer.store.outbox_reader import OutboxReader
from tests.kit.fake_queues import Crash, CrashPoint, FakePublisher
from tests.kit.fake_sqs import FakeSqs
from tests.kit.outbox import ACTIVITY_QUEUE, RATING_QUEUE, Row, append, unpublished
from tests.kit.postgres import CustomerDatabase


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


def pump_for(reader: OutboxReader, publisher: FakePublisher, settings: RelaySettings) -> Pump:
    """One pump of the rating queue."""
    return Pump(RATING_QUEUE, reader, publisher, settings, Random(1))


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


async def look(watch: Watch, times: int = 2) -> None:
    """Take looks: the first adopts a queue, the next ones observe it."""
    for _ in range(times):
        await watch.look()


def watch_for(reader: OutboxReader, sqs: FakeSqs, settings: RelaySettings) -> Watch:
    """The watch over the rating queue."""
    return Watch(RATING_QUEUE, reader, FakePublisher(sqs), settings, ring=lambda: None)


async def test_queue_that_was_forgotten_is_made_and_filled_again(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """What was published and not yet seen applied when the queue vanished is published again, in order."""
    settings = settings_for(customer_database)
    pump, watch = pump_for(reader, FakePublisher(sqs), settings), watch_for(reader, sqs, settings)
    await look(watch)
    customer = uuid.uuid4()
    await append(customer_database, [Row(customer, n) for n in (1, 2, 3)])
    await pump.publish(100)
    await look(watch)
    for queue in (RATING_QUEUE, dead_letter_name(RATING_QUEUE)):
        sqs.delete_queue(queue)
    await append(customer_database, [Row(customer, 4)])
    await look(watch)
    await pump.publish(100)
    assert sequences(sqs) == {str(customer): [1, 2, 3, 4]}


async def test_queue_that_somebody_else_made_again_is_noticed(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """Another queue under the same name counts as a lost one."""
    settings = settings_for(customer_database)
    pump, watch = pump_for(reader, FakePublisher(sqs), settings), watch_for(reader, sqs, settings)
    await look(watch)
    customer = uuid.uuid4()
    await append(customer_database, [Row(customer, 1)])
    await pump.publish(100)
    sqs.delete_queue(RATING_QUEUE)
    sqs.create_queue(RATING_QUEUE)
    await look(watch)
    await pump.publish(100)
    assert sequences(sqs) == {str(customer): [1]}


async def test_settled_events_are_not_published_again(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """What had been published before the queue and its DLQ were seen empty stays published."""
    settings = settings_for(customer_database, relay_drain_margin_seconds=0.0)
    pump, watch = pump_for(reader, FakePublisher(sqs), settings), watch_for(reader, sqs, settings)
    await look(watch)
    settled, lost = uuid.uuid4(), uuid.uuid4()
    await append(customer_database, [Row(settled, 1)])
    await pump.publish(100)
    for message in sqs.receive(RATING_QUEUE, 10):
        sqs.delete(RATING_QUEUE, message.receipt)
    await look(watch)
    await append(customer_database, [Row(lost, 1)])
    await pump.publish(100)
    sqs.delete_queue(RATING_QUEUE)
    await look(watch)
    await pump.publish(100)
    assert sequences(sqs) == {str(lost): [1]}


async def test_dead_letters_keep_a_queue_from_counting_as_drained(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """An event in the DLQ is lost with it, so it is published again as well."""
    settings = settings_for(customer_database, relay_drain_margin_seconds=0.0)
    pump, watch = pump_for(reader, FakePublisher(sqs), settings), watch_for(reader, sqs, settings)
    await look(watch)
    customer = uuid.uuid4()
    await append(customer_database, [Row(customer, 1)])
    await pump.publish(100)
    (message,) = sqs.receive(RATING_QUEUE, 10)
    sqs.send(dead_letter_name(RATING_QUEUE), message.body, message.group, "dead")
    sqs.delete(RATING_QUEUE, message.receipt)
    await look(watch)
    for queue in (RATING_QUEUE, dead_letter_name(RATING_QUEUE)):
        sqs.delete_queue(queue)
    await look(watch)
    await pump.publish(100)
    assert sequences(sqs) == {str(customer): [1]}


async def test_event_sent_to_the_old_queue_while_it_vanishes_is_not_lost(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """A mark that commits after the republishing began is found by it: both exclude each other."""
    settings = settings_for(customer_database)
    watch = watch_for(reader, sqs, settings)
    await look(watch)
    customer = uuid.uuid4()
    await append(customer_database, [Row(customer, 1)])
    async with reader.claim(RATING_QUEUE, 10, 10) as claim:
        # Sent to the queue that is about to be forgotten; the mark is not committed yet.
        sqs.delete_queue(RATING_QUEUE)
        looking = asyncio.create_task(look(watch))
        await asyncio.sleep(0)
        await claim.mark([claim.lanes[0][0].id])
    await looking
    assert await unpublished(customer_database) == 1


async def test_erased_customers_events_are_not_republished(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """After an erasure only the erasure itself is worth sending again: what was wiped says nothing."""
    settings = settings_for(customer_database)
    customer = uuid.uuid4()
    await append(
        customer_database,
        [Row(customer, 1, payload={}), Row(customer, 2, payload={}, type=CUSTOMER_ERASED)],
    )
    await pump_for(reader, FakePublisher(sqs), settings).publish(100)
    async with reader.takeover(RATING_QUEUE) as takeover:
        assert await takeover.republish("another", CUSTOMER_ERASED, timedelta(0)) == 1
    sqs.delete_queue(RATING_QUEUE)
    sqs.create_queue(RATING_QUEUE)
    await pump_for(reader, FakePublisher(sqs), settings).publish(100)
    assert sequences(sqs) == {str(customer): [2]}


async def test_watch_tells_what_the_pipeline_field_answers(
    customer_database: CustomerDatabase, reader: OutboxReader, sqs: FakeSqs
) -> None:
    """`relay_queue` says how many messages a queue and its DLQ hold, and when the last one was published."""
    settings = settings_for(customer_database)
    watch = watch_for(reader, sqs, settings)
    await look(watch)
    await append(customer_database, [Row(uuid.uuid4(), 1), Row(uuid.uuid4(), 1)])
    await pump_for(reader, FakePublisher(sqs), settings).publish(100)
    sqs.send(dead_letter_name(RATING_QUEUE), "{}", "g", "d")
    await look(watch)
    (row,) = await customer_database.rows(
        "SELECT in_flight, dead_lettered, last_published_at FROM customer_graph.relay_queue WHERE queue = $1",
        RATING_QUEUE,
    )
    assert (row["in_flight"], row["dead_lettered"]) == (2, 1)
    assert row["last_published_at"] is not None


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
