"""What router and relay need of SQS, asked by the real adapters of every server that we run on.

Of moto's server and of the in-memory SQS always; of ElasticMQ as well when TEST_SQS_URL names one. Where a
server differs from SQS, the test says how, and the promise that holds all the same.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from devstack.servers.sqs import Sqs
from router.queue import Message, Outgoing, Policy, QueueMissing, dead_letter_name
from router.sqs import SqsQueues
from subgraphs.customer.publishing.queue import Entry, QueuePolicy
from subgraphs.customer.publishing.queue import QueueMissing as PublisherQueueMissing
from subgraphs.customer.sqs import SqsPublisher
from tests.kit.fake_sqs import FakeSqs
from tests.kit.fake_sqs_http import serve_fake_sqs
from tests.kit.postgres import free_port
from tests.kit.real import SQS_URL, aws_environment
from tests.kit.waiting import is_soon

POLICY = Policy(visibility=30)


@dataclass(frozen=True)
class Broker:
    """A running server, and the adapters on a queue of the test's own."""

    kind: str
    queues: SqsQueues
    publisher: SqsPublisher
    prefix: str
    queue: str

    async def send(self, *entries: Entry) -> None:
        """Send entries that must all be taken."""
        assert await self.publisher.send(self.queue, list(entries)) == []

    async def receive(self, limit: int = 10, wait: int = 0, visibility: int = 30) -> list[Message]:
        """Receive from the test's queue."""
        return await self.queues.receive(self.queue, limit, wait, visibility)


@pytest.fixture(scope="module", params=["moto", "fake", *(["elasticmq"] if SQS_URL else [])])
def endpoint(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """The kind of server, and its URL."""
    if request.param == "elasticmq":
        assert SQS_URL is not None
        yield "elasticmq", SQS_URL
        return
    if request.param == "fake":
        with serve_fake_sqs(FakeSqs(time.time), free_port()) as url:
            yield "fake", url
        return
    log: Path = tmp_path_factory.mktemp("moto") / "log"
    server = Sqs(free_port(), log)
    server.start()
    try:
        assert is_soon(server.ready, 20), log.read_text()
        yield "moto", server.url
    finally:
        server.stop()


@pytest.fixture
async def broker(endpoint: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Broker]:
    """Adapters as they are in production: configured by boto3's own variables."""
    kind, url = endpoint
    for name, value in aws_environment(url).items():
        monkeypatch.setenv(name, value)
    prefix = f"t{uuid.uuid4().hex[:8]}-"
    queues, publisher = SqsQueues(prefix=prefix), SqsPublisher(prefix=prefix)
    await queues.ensure("events.fifo", POLICY)
    yield Broker(kind, queues, publisher, prefix, "events.fifo")
    queues.close()
    publisher.close()


def entry(group: str, body: str = "{}") -> Entry:
    """A message that was never sent before."""
    return Entry(id=uuid.uuid4().hex, group=group, body=body)


def bodies(messages: list[Message]) -> list[str]:
    """What the messages say."""
    return [message.body for message in messages]


async def test_message_arrives_as_it_was_sent(broker: Broker) -> None:
    """Body, group, de-duplication id, attributes and receipt count come through."""
    sent = Entry(id="event-1", group="customer-1", body='{"cidade": "Belém"}', attributes={"reason": "TEST"})
    await broker.send(sent)
    (message,) = await broker.receive()
    assert (message.body, message.group, message.deduplication) == (sent.body, sent.group, sent.id)
    assert message.attributes == {"reason": "TEST"}
    assert message.receives == 1
    assert abs(message.sent_at - time.time()) < 60


async def test_group_is_received_in_order(broker: Broker) -> None:
    """One group's messages come in the order in which they were sent."""
    await broker.send(*(entry("g", str(number)) for number in range(6)))
    assert bodies(await broker.receive()) == ["0", "1", "2", "3", "4", "5"]


async def test_group_is_locked_while_one_of_it_is_in_flight(broker: Broker) -> None:
    """The rest of a group waits until what was received is deleted; other groups do not."""
    await broker.send(entry("a", "a1"), entry("a", "a2"), entry("b", "b1"))
    (first,) = await broker.receive(limit=1)
    assert first.body == "a1"
    assert bodies(await broker.receive()) == ["b1"]
    assert await broker.queues.delete(broker.queue, [first.receipt]) == set()
    assert bodies(await broker.receive()) == ["a2"]


async def test_same_deduplication_id_is_delivered_once(broker: Broker) -> None:
    """What the relay sends again within five minutes is taken and not delivered.

    SQS remembers the id even after a delete, moto does not: there the targets absorb the duplicate.
    """
    once = entry("g", "once")
    await broker.send(once)
    await broker.send(once)
    (message,) = await broker.receive()
    await broker.queues.delete(broker.queue, [message.receipt])
    assert await broker.receive() == []
    await broker.send(once)
    assert len(await broker.receive()) == (1 if broker.kind == "moto" else 0)


async def test_message_given_back_comes_again_with_its_followers_in_order(broker: Broker) -> None:
    """Visibility 0 for all that was received of a group makes it come again, counted."""
    await broker.send(*(entry("g", str(number)) for number in range(3)))
    first = await broker.receive()
    assert await broker.queues.change_visibility(broker.queue, [m.receipt for m in first], 0) == set()
    again = await broker.receive()
    assert bodies(again) == ["0", "1", "2"]
    assert [message.receives for message in again] == [2, 2, 2]


async def test_message_comes_again_when_its_visibility_ends(broker: Broker) -> None:
    """A worker that dies holds its messages no longer than the time-out."""
    await broker.send(entry("g", "held"))
    await broker.receive(visibility=1)
    assert await broker.receive() == []
    (again,) = await broker.receive(wait=5)
    assert again.receives == 2


async def test_heartbeat_keeps_a_message_hidden(broker: Broker) -> None:
    """A renewed message does not come again when its first time-out ends."""
    await broker.send(entry("g", "held"))
    (message,) = await broker.receive(visibility=1)
    await broker.queues.change_visibility(broker.queue, [message.receipt], 30)
    assert await broker.receive(wait=2) == []


async def test_long_poll_ends_when_a_message_arrives(broker: Broker) -> None:
    """A receive that waits gets what is sent meanwhile."""
    receiving = asyncio.create_task(broker.receive(wait=20))
    await asyncio.sleep(0)
    await broker.send(entry("g", "late"))
    async with asyncio.timeout(10):
        assert bodies(await receiving) == ["late"]


async def test_message_received_too_often_goes_to_the_dead_letter_queue(broker: Broker) -> None:
    """The broker's own rule is the net for workers that die before they decide."""
    await broker.queues.ensure(broker.queue, Policy(visibility=30, max_receives=2))
    await broker.send(entry("g", "deadly"), entry("g", "next"))
    for _ in range(2):
        (message,) = await broker.receive(limit=1)
        await broker.queues.change_visibility(broker.queue, [message.receipt], 0)
    assert bodies(await broker.receive(wait=2)) == ["next"]
    dead = await broker.queues.receive(dead_letter_name(broker.queue), 10, 0, 30)
    assert bodies(dead) == ["deadly"]
    assert dead[0].group == "g"


async def test_depth_counts_waiting_and_in_flight(broker: Broker) -> None:
    """The relay bounds the queue by both together."""
    await broker.send(entry("a"), entry("b"), entry("c"))
    await broker.receive(limit=1)
    depth = await broker.queues.depth(broker.queue)
    assert (depth.waiting, depth.in_flight) == (2, 1)
    assert (await broker.publisher.depth(broker.queue)).messages == 3


async def test_setup_is_idempotent_and_tells_what_it_changed(broker: Broker) -> None:
    """Queues, DLQs and redrive policies are made once; a second run finds nothing to do."""
    assert await broker.queues.ensure("other.fifo", POLICY) == [
        "other-dlq.fifo created",
        "other.fifo created",
    ]
    assert await broker.queues.ensure("other.fifo", POLICY) == []
    changed = Policy(visibility=45)
    assert await broker.queues.differences("other.fifo", changed) != []
    assert await broker.queues.ensure("other.fifo", changed) != []
    assert await broker.queues.differences("other.fifo", changed) == []


async def test_queues_of_the_relay_are_those_of_the_router(broker: Broker) -> None:
    """Whoever comes first makes the queues; the other finds nothing to change."""
    await broker.publisher.create("made.fifo", QueuePolicy())
    await broker.publisher.create("made.fifo", QueuePolicy())
    assert await broker.queues.differences("made.fifo", POLICY) == []


async def test_missing_queue_is_told_apart_from_an_outage(broker: Broker) -> None:
    """Both adapters know the error by which a lost queue is noticed."""
    with pytest.raises(QueueMissing):
        await broker.queues.receive("nowhere.fifo", 10, 0, 30)
    with pytest.raises(PublisherQueueMissing):
        await broker.publisher.send("nowhere.fifo", [entry("g")])
    assert await broker.queues.differences("nowhere.fifo", POLICY) == [
        "nowhere-dlq.fifo does not exist",
        "nowhere.fifo does not exist",
    ]


async def test_refused_entry_does_not_take_the_others_with_it(broker: Broker) -> None:
    """A character that SQS does not take is an entry's fault, not the batch's; moto takes it."""
    good, bad = entry("g", "good"), entry("h", "bad \uffff")
    rejections = await broker.publisher.send(broker.queue, [good, bad])
    refused = [(rejection.id, rejection.permanent) for rejection in rejections]
    assert refused == ([] if broker.kind == "moto" else [(bad.id, True)])
    assert "good" in bodies(await broker.receive())


async def test_two_queues_of_one_name_have_two_incarnations(broker: Broker) -> None:
    """A queue that was deleted and made again in another second is another one for the relay.

    SQS counts in seconds, and does not give a name again within a minute.
    """
    before = (await broker.publisher.depth(broker.queue)).incarnation
    assert (await broker.publisher.depth(broker.queue)).incarnation == before
    assert is_soon(lambda: time.time() >= float(before) + 1)
    client = boto3.client("sqs")
    name = f"{broker.prefix}{broker.queue}"
    client.delete_queue(QueueUrl=client.get_queue_url(QueueName=name)["QueueUrl"])
    await broker.queues.ensure(broker.queue, POLICY)
    assert (await broker.publisher.depth(broker.queue)).incarnation != before


async def test_sent_dead_letter_carries_its_reason(broker: Broker) -> None:
    """The router's own send puts attributes on the message; empty ones are left out, as SQS refuses them."""
    message = Outgoing("g", uuid.uuid4().hex, "{}", {"reason": "UNROUTABLE", "detail": ""})
    await broker.queues.send(dead_letter_name(broker.queue), message)
    (dead,) = await broker.queues.receive(dead_letter_name(broker.queue), 10, 0, 30)
    assert dead.attributes == {"reason": "UNROUTABLE"}


async def test_stale_receipt(broker: Broker) -> None:
    """A handle of an earlier receipt is refused by SQS; moto takes it, which our targets make harmless."""
    await broker.send(entry("g", "held"))
    (stale,) = await broker.receive(visibility=1)
    (fresh,) = await broker.receive(wait=5)
    refused = await broker.queues.delete(broker.queue, [stale.receipt])
    assert refused == (set() if broker.kind == "moto" else {stale.receipt})
    if broker.kind != "moto":
        assert await broker.queues.delete(broker.queue, [fresh.receipt]) == set()
