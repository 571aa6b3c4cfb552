"""The consumer between an in-memory SQS and a target that fails as it is told to."""

from __future__ import annotations

import asyncio
import time

import pytest

from router.breaker import State
from router.queue import dead_letter_name
from tests.kit.fake_queues import Crash, CrashPoint, FakeQueues
from tests.kit.fake_sqs import FakeSqs
from tests.kit.fake_target import Call, Script, error
from tests.unit.router.world import QUEUE, envelope, open_world


async def test_events_are_applied_in_order_and_deleted() -> None:
    """Many customers side by side, each in the order of sending; nothing stays in the queue."""
    async with open_world() as world:
        for version in range(1, 6):
            for customer in range(20):
                world.send(f"customer-{customer}", version)
        world.start()
        await world.settle()
        assert len(world.target.effects) == 20
        assert all(effects == [1, 2, 3, 4, 5] for effects in world.target.effects.values())


async def test_call_carries_token_trace_and_event() -> None:
    """The target gets a bearer token, the event's trace, and its id as the request's when it has no other."""
    async with open_world() as world:
        event = envelope("customer", 3)
        trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        body = event.to_json().decode().replace('"data"', f'"traceparent":"{trace}","data"')
        world.sqs.send(QUEUE, body, "customer", event.id)
        world.start()
        await world.settle()
        (call,) = world.target.calls
        assert call.headers["authorization"] == "Bearer a-token"
        assert call.headers["x-request-id"] == event.id
        assert call.headers["traceparent"].split("-")[1] == "4bf92f3577b34da6a3ce929d0e0e4736"
        assert call.event["version"] == 3
        assert call.event["profile"]["birthDate"] == "1980-05-17"


async def test_call_carries_the_request_id_of_the_mutation() -> None:
    """The id that the client gave its mutation arrives at the target."""
    async with open_world() as world:
        event = envelope("customer", 3)
        body = event.to_json().decode().replace('"data"', '"requestid":"checkout-4711","data"')
        world.sqs.send(QUEUE, body, "customer", event.id)
        world.start()
        await world.settle()
        (call,) = world.target.calls
        assert call.headers["x-request-id"] == "checkout-4711"


async def test_failed_head_stops_its_lane_and_no_other() -> None:
    """While a customer's first event fails its later ones are neither applied nor deleted; others go on."""

    def script(call: Call) -> Script | str:
        failing = call.customer == "unlucky" and len(world.target.calls) < 40
        return error("INTERNAL_SERVER_ERROR") if failing and call.event["version"] == 1 else "apply"

    async with open_world(max_receives=50, backoff_cap="1s") as world:
        world.target.script = script
        world.send("unlucky", 1, 2, 3)
        for number in range(45):
            world.send(f"lucky-{number}", 1)
        world.start()
        await world.settle()
        assert world.target.effects["unlucky"] == [1, 2, 3]
        unlucky = [call.event["version"] for call in world.target.calls if call.customer == "unlucky"]
        assert unlucky == sorted(unlucky)
        assert sum(customer.startswith("lucky") for customer in world.target.effects) == 45


POISON = {
    "bad JSON": "{",
    "no object": "[1, 2]",
    "no envelope": '{"specversion": "1.0"}',
    "deep nesting": "[" * 5_000,
    "unknown type": envelope("poisoned", 1, "customer.unknown.v1").to_json().decode(),
    "future version": envelope("poisoned", 1, "customer.profile.v2").to_json().decode(),
    "sequence of text": envelope("poisoned", 1)
    .to_json()
    .decode()
    .replace('"sequence":"1"', '"sequence":"x"'),
    "empty": " ",
}


@pytest.mark.parametrize("body", POISON.values(), ids=POISON.keys())
async def test_poison_goes_to_the_dead_letter_queue_at_once(body: str) -> None:
    """After one receive, with the reason, while its own group and the others go on."""
    async with open_world() as world:
        world.sqs.send(QUEUE, body, "poisoned", "poison")
        world.send("poisoned", 1)
        world.send("other", 1)
        world.start()
        await world.settle()
        (dead,) = world.dead
        assert dead.body == body
        assert dead.attributes["reason"] in ("UNDECODABLE_BODY", "UNROUTABLE")
        assert dead.attributes["receives"] == "1"
        assert (dead.attributes["event_id"], dead.attributes["customer_id"]) == ("poison", "poisoned")
        assert world.target.effects == {"poisoned": [1], "other": [1]}


@pytest.mark.parametrize("code", ["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"])
async def test_refused_event_goes_to_the_dead_letter_queue_without_its_values(code: str) -> None:
    """The reason is the target's code and the error's path; its message may quote personal data."""
    async with open_world() as world:
        world.target.script = lambda call: error(code) if call.customer == "bad" else "apply"
        world.send("bad", 1)
        world.send("good", 1)
        world.start()
        await world.settle()
        (dead,) = world.dead
        assert (dead.attributes["reason"], dead.attributes["detail"]) == (code, "applyProfile")
        assert not any("Maria" in value for value in dead.attributes.values())
        assert len(world.target.calls) == 2


async def test_event_that_always_fails_goes_to_the_dead_letter_queue_after_its_attempts() -> None:
    """Exactly `max_receives` attempts, each after a back-off; then the lane goes on."""
    async with open_world(max_receives=3, backoff_base="100ms", backoff_cap="1s") as world:
        world.target.script = lambda call: (
            error("INTERNAL_SERVER_ERROR") if call.event["version"] == 1 else "apply"
        )
        world.send("customer", 1, 2)
        world.start()
        await world.settle()
        (dead,) = world.dead
        assert dead.attributes["reason"] == "ATTEMPTS_EXHAUSTED"
        assert [call.event["version"] for call in world.target.calls] == [1, 1, 1, 2]


async def test_followers_given_back_untried_keep_their_attempts() -> None:
    """Receipts behind a failing head are no attempts: a follower is not given up for them."""
    failures = {1: 2, 2: 2}

    def script(call: Call) -> Script | str:
        version = call.event["version"]
        if failures.get(version):
            failures[version] -= 1
            return error("INTERNAL_SERVER_ERROR")
        return "apply"

    async with open_world(max_receives=3, backoff_base="100ms", backoff_cap="1s") as world:
        world.target.script = script
        world.send("customer", 1, 2)
        world.start()
        await world.settle(20)
        assert world.dead == []
        assert world.target.effects["customer"] == [1, 2]


OUTAGES: dict[str, Script] = {
    "connection lost": None,
    "HTTP 500": (500, {}),
    "HTTP 503": (503, {"errors": [{"extensions": {"code": "BAD_USER_INPUT"}}]}),
    "HTTP 429": (429, {}),
    "HTTP 404": (404, {}),
    "token refused": (401, {"errors": [{"extensions": {"code": "UNAUTHENTICATED"}}]}),
    "scope missing": error("UNAUTHORIZED_FIELD_OR_TYPE"),
    "not GraphQL": (200, "<html>"),
    "no data": (200, {"data": {}}),
}


@pytest.mark.parametrize("outage", OUTAGES.values(), ids=OUTAGES.keys())
async def test_outage_burns_no_attempts(outage: Script) -> None:
    """While its target is down a queue is not received from, and nothing goes to the DLQ for it."""
    async with open_world(max_receives=1, backoff_cap="1s", target_breaker_failures=3) as world:
        world.target.script = lambda _call: outage
        world.target.well = False
        for number in range(30):
            world.send(f"customer-{number}", 1)
        world.start()
        await world.until(lambda: world.router_target.state is State.OPEN)
        await world.until(lambda: world.target.asked_how_it_is >= 3)
        assert len(world.target.calls) <= 16
        world.target.script, world.target.well = (lambda _call: "apply"), True
        await world.settle(20)
        assert world.dead == []
        assert len(world.target.effects) == 30


async def test_target_that_fails_at_everything_is_asked_before_events_are_given_up() -> None:
    """A target that lost its database fails at every event; that it is not ready tells the difference."""
    async with open_world(max_receives=1, backoff_cap="1s", target_breaker_failures=100) as world:
        world.target.script = lambda _call: error("INTERNAL_SERVER_ERROR")
        world.target.well = False
        world.send("customer", 1)
        world.start()
        await world.until(lambda: len(world.target.calls) >= 2)
        world.target.script = lambda _call: "apply"
        await world.settle()
        assert world.dead == []


async def test_mutations_under_way_are_bounded() -> None:
    """Not more than the target's concurrency, and not more messages in hand than twice that."""
    async with open_world(target_concurrency=4) as world:
        world.target.open.clear()
        for number in range(40):
            world.send(f"customer-{number}", 1)
        world.start()
        await world.until(lambda: world.target.in_flight == 4)
        await world.until(lambda: sum(m.receives for m in world.sqs.messages(QUEUE)) == 8)
        world.target.open.set()
        await world.settle()
        assert world.target.most_in_flight == 4


async def test_heartbeat_keeps_slow_messages() -> None:
    """A message that takes longer than the visibility time-out is not received by anybody else."""
    async with open_world(visibility_timeout="3s", target_timeout="2900ms") as world:
        world.target.open.clear()
        world.send("slow", 1, 2)
        world.start()
        await world.until(lambda: world.target.in_flight == 1)
        started = time.monotonic()
        first = world.sqs.messages(QUEUE)[1].hidden_until
        await world.until(lambda: world.sqs.messages(QUEUE)[1].hidden_until > first)
        assert time.monotonic() - started < 3
        world.target.open.set()
        await world.settle()
        assert world.target.effects["slow"] == [1, 2]


async def test_message_whose_time_ran_out_is_left_alone() -> None:
    """A worker that slept past the visibility time-out does not apply what somebody else may have by now."""
    async with open_world(visibility_timeout="3s", target_timeout="2900ms") as world:
        world.target.open.clear()
        world.queues.refuse = ["change_visibility"] * 10
        world.send("slept", 1, 2)
        world.start()
        await world.until(lambda: world.target.in_flight == 1)
        for held in world.consumer._lanes.all():
            held.until = time.monotonic()
        world.target.open.set()
        await world.until(lambda: world.target.effects["slept"] == [1])
        await world.until(lambda: len(world.consumer._lanes) == 0)
        assert [call.event["version"] for call in world.target.calls] == [1]
        await world.settle()
        assert world.target.effects["slept"] == [1, 2]


async def test_stop_finishes_what_is_being_applied_and_gives_the_rest_back() -> None:
    """On SIGTERM the message at the target is settled, its followers are visible to others at once."""
    async with open_world() as world:
        world.target.open.clear()
        world.send("customer", 1, 2, 3)
        world.start()
        await world.until(lambda: world.target.in_flight == 1)
        stopping = asyncio.create_task(world.stop())
        await asyncio.sleep(0)
        world.target.open.set()
        await stopping
        assert world.target.effects["customer"] == [1]
        left = world.sqs.messages(QUEUE)
        assert [message.in_flight(time.monotonic()) for message in left] == [False, False]


async def test_stop_while_the_target_is_down_ends_at_once() -> None:
    """A drain does not wait for a target to come back."""
    async with open_world(target_breaker_failures=1) as world:
        world.target.script, world.target.well = (lambda _call: (500, {})), False
        world.send("customer", 1)
        world.start()
        await world.until(lambda: world.router_target.state is State.OPEN)
        async with asyncio.timeout(5):
            await world.stop()


async def test_queue_outage_is_survived() -> None:
    """Refused receives, deletes and visibility changes lose nothing and stop nothing."""
    async with open_world(visibility_timeout="3s", target_timeout="2s") as world:
        world.queues.refuse = ["receive", "delete"]
        world.send("customer", 1, 2)
        world.start()
        await world.settle(20)
        assert world.target.effects["customer"] == [1, 2]
        assert all(count == 1 for count in world.target.counts.values())


async def test_dead_letter_that_cannot_be_sent_is_tried_again() -> None:
    """A poison message stays in its queue until the DLQ has it."""
    async with open_world() as world:
        world.queues.refuse = ["send", "send"]
        world.sqs.send(QUEUE, "{", "poisoned", "poison")
        world.start()
        await world.settle()
        assert len(world.dead) == 1


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 13))
async def test_crash_at_any_call_of_the_queue_loses_and_doubles_nothing(at: int, *, after: bool) -> None:
    """A worker that dies at its n-th call of SQS leaves all to the next: every effect once, in order."""
    clock = [0.0]
    sqs = FakeSqs(lambda: clock[0])

    def script(call: Call) -> Script | str:
        first_try = sum(seen.event == call.event for seen in dying.target.calls) == 1
        return error("INTERNAL_SERVER_ERROR") if first_try and call.event["version"] == 2 else "apply"

    async with open_world(sqs, FakeQueues(sqs, CrashPoint(at, after=after)), target_concurrency=2) as dying:
        dying.target.script = script
        for customer in ("ana", "bia", "caio"):
            dying.send(customer, 1, 2, 3)
        sqs.send(QUEUE, "{", "davi", "poison")
        dying.start()
        await _death(dying.running, lambda: clock.__setitem__(0, clock[0] + 0.5))
        clock[0] += 60
        async with open_world(sqs, FakeQueues(sqs)) as next_worker:
            # The same target: what the dead worker applied is there.
            next_worker.target.effects, next_worker.target.counts = dying.target.effects, dying.target.counts
            next_worker.start()
            await next_worker.settle()
            assert {name: next_worker.target.effects[name] for name in ("ana", "bia", "caio")} == {
                "ana": [1, 2, 3],
                "bia": [1, 2, 3],
                "caio": [1, 2, 3],
            }
            assert set(next_worker.target.counts.values()) == {1}
            assert {message.body for message in sqs.messages(dead_letter_name(QUEUE))} == {"{"}


async def _death(worker: asyncio.Task[None] | None, tick: object) -> None:
    """Let a worker run until it dies at its crash point."""
    assert worker is not None
    async with asyncio.timeout(15):
        while not worker.done():
            assert callable(tick)
            tick()
            await asyncio.sleep(0.002)
    with pytest.raises((Crash, BaseExceptionGroup)):
        worker.result()
