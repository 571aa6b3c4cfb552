"""The watch over the queues: what is lost with one is published again, and nothing else."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta

from kernel.events import CUSTOMER_ERASED
from subgraphs.customer.publishing.queue import dead_letter_name
from subgraphs.customer.publishing.settings import RelaySettings
from subgraphs.customer.publishing.watch import Watch
from subgraphs.customer.store.outbox_reader import OutboxReader
from tests.kit.fake_queues import FakePublisher
from tests.kit.fake_sqs import FakeSqs
from tests.kit.outbox import RATING_QUEUE, Row, append, unpublished
from tests.kit.postgres import CustomerDatabase
from tests.unit.subgraphs.customer.relay_world import (
    pump_for,
    reader,
    sequences,
    settings_for,
    sqs,
)

__all__ = ["reader", "sqs"]


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
