"""What operators see of dead letters, and what they can do with them."""

from __future__ import annotations

import json
import time

import pytest

from router.deadletters import read_dead_letter
from router.dlq import DeadLetterQueue
from router.dlq_output import as_line, as_object
from router.queue import QueueUnavailable, dead_letter_name
from tests.kit.fake_queues import FakeQueues
from tests.kit.fake_sqs import FakeSqs
from tests.kit.fake_target import error
from tests.unit.router.world import QUEUE, World, envelope, open_world


async def bury(world: World, *customers: str) -> None:
    """Let the target refuse one event of each customer."""
    world.target.script = lambda _call: error("BAD_USER_INPUT")
    for customer in customers:
        world.send(customer, 1)
    world.start()
    await world.settle()
    await world.stop()
    world.target.script = lambda _call: "apply"


async def test_dead_letters_are_listed_without_personal_data() -> None:
    """Event, customer and reason; of the data only the names of its fields."""
    async with open_world() as world:
        await bury(world, "ana", "bia")
        letters = await DeadLetterQueue(world.queues, QUEUE).letters(100)
        assert [letter.customer_id for letter in letters] == ["ana", "bia"]
        shown = json.dumps([as_object(letter) for letter in letters])
        shown += "".join(as_line(QUEUE, letter) for letter in letters)
        assert "BAD_USER_INPUT" in shown
        assert "birthDate" in shown
        assert "1980-05-17" not in shown


async def test_looking_takes_nothing_away() -> None:
    """What was listed can be received by the next one at once, all of it, whatever the customer."""
    async with open_world() as world:
        await bury(world, *(["ana"] * 12))
        letters = DeadLetterQueue(world.queues, QUEUE)
        assert len(await letters.letters(100)) == 12
        assert len(await letters.letters(100)) == 12


async def test_redriven_event_is_applied() -> None:
    """Back in its queue, within SQS's five minutes of de-duplication, it reaches its target."""
    async with open_world() as world:
        await bury(world, "ana", "bia")
        assert await DeadLetterQueue(world.queues, QUEUE).redrive(lambda _one: True, 1_000, 100) == 2
        assert world.dead == []
        world.consumer._stopping.clear()
        world.start()
        await world.settle()
        assert world.target.effects == {"ana": [1], "bia": [1]}


async def test_redrive_takes_what_was_chosen() -> None:
    """The others stay."""
    async with open_world() as world:
        await bury(world, "ana", "bia")
        dlq = DeadLetterQueue(world.queues, QUEUE)
        assert await dlq.redrive(lambda letter: letter.customer_id == "bia", 1_000, 100) == 1
        assert [letter.customer_id for letter in await dlq.letters(10)] == ["ana"]


async def test_redrive_that_is_interrupted_doubles_nothing() -> None:
    """Sent but not deleted: the second run's send is swallowed by SQS."""
    async with open_world() as world:
        await bury(world, "ana")
        world.queues.refuse = ["delete"]
        dlq = DeadLetterQueue(world.queues, QUEUE)
        with pytest.raises(QueueUnavailable):
            await dlq.redrive(lambda _one: True, 1_000, 100)
        assert await dlq.redrive(lambda _one: True, 1_000, 100) == 1
        assert len(world.sqs.messages(QUEUE)) == 1


async def test_event_that_dies_again_is_in_the_dead_letters_again() -> None:
    """A second death within five minutes is not swallowed as a duplicate of the first."""
    async with open_world() as world:
        await bury(world, "ana")
        await DeadLetterQueue(world.queues, QUEUE).redrive(lambda _one: True, 1_000, 100)
        world.target.script = lambda _call: error("BAD_USER_INPUT")
        world.consumer._stopping.clear()
        world.start()
        await world.settle()
        (letter,) = await DeadLetterQueue(world.queues, QUEUE).letters(10)
        assert letter.customer_id == "ana"
        assert letter.event_id == world.target.calls[0].event["eventId"]


async def test_discard_deletes_what_was_chosen() -> None:
    """For ever, and nothing else."""
    async with open_world() as world:
        await bury(world, "ana", "bia")
        dlq = DeadLetterQueue(world.queues, QUEUE)
        assert await dlq.discard(lambda letter: letter.customer_id == "ana", 100) == 1
        assert [letter.customer_id for letter in await dlq.letters(10)] == ["bia"]


async def test_message_that_sqs_moved_itself_is_understood() -> None:
    """Without attributes of ours the envelope tells whose it is, and the reason is the broker's."""
    sqs = FakeSqs(time.monotonic)
    sqs.create_queue(dead_letter_name(QUEUE))
    event = envelope("ana", 3)
    sqs.send(dead_letter_name(QUEUE), event.to_json().decode(), "ana", "moved")
    (letter,) = await DeadLetterQueue(FakeQueues(sqs), QUEUE).letters(10)
    assert (letter.event_id, letter.customer_id, letter.sequence) == (event.id, "ana", 3)
    assert letter.reason == "RECEIVED_TOO_OFTEN"


async def test_erasure_discards_the_customers_dead_letters() -> None:
    """The last word on a customer leaves nothing of it in the DLQ, and the others' dead letters."""
    async with open_world() as world:
        await bury(world, "ana", "bia", "ana")
        route = world.table.queues[QUEUE].routes["customer.profile.v1"]
        object.__setattr__(route, "purge_dead_letters", True)
        world.queues.refuse = ["delete"]
        world.consumer._stopping.clear()
        world.send("ana", 9)
        world.start()
        await world.settle()
        assert [read_dead_letter_customer(message.attributes) for message in world.dead] == ["bia"]


def read_dead_letter_customer(attributes: object) -> str:
    """Whose dead letter it is."""
    assert isinstance(attributes, dict)
    return str(attributes["customer_id"])


async def test_undecodable_dead_letter_can_be_shown() -> None:
    """Garbage has an id, a size and a reason."""
    async with open_world() as world:
        world.sqs.send(QUEUE, "{", "group", "garbage")
        world.start()
        await world.settle()
        (letter,) = await DeadLetterQueue(world.queues, QUEUE).letters(10)
        shown = as_object(letter)
        assert (shown["eventId"], shown["reason"], shown["bytes"]) == ("garbage", "UNDECODABLE_BODY", 1)
        assert letter == read_dead_letter(letter.message)
