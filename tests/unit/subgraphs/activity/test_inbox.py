"""The router's mutations."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from structlog.testing import capture_logs

from subgraphs.activity.store.port import PageRequest
from tests.kit.activity import ANA, EVERYTHING, bureau_query, card_purchase, found, movement
from tests.kit.edge import call
from tests.unit.subgraphs.activity.world import READER, World, as_input

RECORD = "mutation ($event: ActivityEventInput!) { recordActivity(event: $event) { outcome appliedVersion } }"
ERASE = "mutation ($event: ErasureEvent!) { eraseActivity(event: $event) { outcome appliedVersion } }"
MISSING = "query ($ids: [ID!]!) { missingEvents(eventIds: $ids) }"
ERASURE = {
    "eventId": str(uuid.UUID(int=9)),
    "customerId": str(ANA),
    "version": 7,
    "occurredAt": "2026-06-01T00:00:00Z",
}


@pytest.mark.parametrize(
    "event", [card_purchase(ANA, category="Mercado"), bureau_query(ANA), movement(ANA)], ids=repr
)
async def test_an_event_is_recorded_once(world: World, event: Any) -> None:
    """APPLIED, then DUPLICATE; there is no version to tell."""
    answers = [(await world.sync(RECORD, event=as_input(event))).data["recordActivity"] for _ in range(2)]
    assert answers == [
        {"outcome": "APPLIED", "appliedVersion": None},
        {"outcome": "DUPLICATE", "appliedVersion": None},
    ]
    (stored,) = (await world.store.feed(PageRequest(EVERYTHING, 10))).events
    assert stored == event


async def test_an_erased_customer_stays_erased(world: World) -> None:
    """APPLIED, DUPLICATE for the same event, and what comes later is STALE."""
    event = as_input(card_purchase(ANA))
    await world.sync(RECORD, event=event)
    assert (await world.sync(ERASE, event=ERASURE)).data["eraseActivity"] == {
        "outcome": "APPLIED",
        "appliedVersion": 7,
    }
    again = {**ERASURE, "version": 8}
    assert (await world.sync(ERASE, event=again)).data["eraseActivity"] == {
        "outcome": "DUPLICATE",
        "appliedVersion": 7,
    }
    assert (await world.sync(RECORD, event=event)).data["recordActivity"]["outcome"] == "STALE"
    assert await found(world.store, EVERYTHING) == []


GOOD = as_input(card_purchase(ANA))
BAD: list[dict[str, Any]] = [
    {**GOOD, "eventId": "1"},
    {**GOOD, "customerId": ""},
    {**GOOD, "amount": None},
    {**GOOD, "amount": "-1.00"},
    {**GOOD, "amount": "1.001"},
    {**GOOD, "amount": "99999999999999999.00"},
    {**GOOD, "amount": 1.5},
    {**GOOD, "amount": {"$gt": 0}},
    {**GOOD, "merchant": "  "},
    {**GOOD, "merchant": "x\0"},
    {**GOOD, "merchant": "x" * 501},
    {**GOOD, "merchant": "x" * 1_000_000},
    {**GOOD, "cardLast4": "12"},
    {**GOOD, "bureau": "Serasa"},
    {**GOOD, "kind": "GIFT"},
    {**GOOD, "occurredAt": "2026-03-10T14:30:00"},
    {**GOOD, "occurredAt": 5},
    {**GOOD, "colour": "red"},
    {name: value for name, value in GOOD.items() if name != "eventId"},
]


@pytest.mark.parametrize("event", BAD, ids=lambda event: repr(event)[:60])
async def test_a_bad_event_is_bad_user_input_and_nothing_is_written(
    world: World, event: dict[str, Any]
) -> None:
    """The router then sends it to the dead letters at once."""
    assert (await world.sync(RECORD, event=event)).code == "BAD_USER_INPUT"
    assert await world.store.count(EVERYTHING) == 0


@pytest.mark.parametrize(
    "change", [{"version": -1}, {"customerId": "x"}, {"eventId": {"$ne": 1}}, {"version": "7"}]
)
async def test_a_bad_erasure_is_bad_user_input(world: World, change: dict[str, Any]) -> None:
    """And deletes nothing."""
    await world.sync(RECORD, event=GOOD)
    assert (await world.sync(ERASE, event={**ERASURE, **change})).code == "BAD_USER_INPUT"
    assert await world.store.count(EVERYTHING) == 1


async def test_missing_events_are_named(world: World) -> None:
    """In the order asked."""
    event = card_purchase(ANA)
    await world.sync(RECORD, event=as_input(event))
    unknown = [str(uuid.uuid4()), str(uuid.uuid4())]
    assert (await world.sync(MISSING, ids=[unknown[0], str(event.id), unknown[1]])).data[
        "missingEvents"
    ] == unknown
    assert (await world.sync(MISSING, ids=[])).data["missingEvents"] == []


async def test_at_most_a_thousand_ids_are_looked_up(world: World) -> None:
    """One more is refused."""
    ids = [str(uuid.uuid4()) for _ in range(1_001)]
    assert len((await world.sync(MISSING, ids=ids[:1_000])).data["missingEvents"]) == 1_000
    assert (await world.sync(MISSING, ids=ids)).code == "BAD_USER_INPUT"
    assert (await world.sync(MISSING, ids=["1"])).code == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("query", "variables"), [(RECORD, {"event": GOOD}), (ERASE, {"event": ERASURE}), (MISSING, {"ids": []})]
)
async def test_only_the_router_may_sync(world: World, query: str, variables: dict[str, Any]) -> None:
    """Neither a stranger nor a reader; the store is not touched."""
    for caller in (None, READER):
        answer = await call(world.app, query, variables, caller=caller)
        assert answer.code == "UNAUTHORIZED_FIELD_OR_TYPE"
    assert not world.calls


async def test_what_was_applied_is_logged_by_ids_alone(world: World) -> None:
    """Enough to follow an event, nothing of its content."""
    event = card_purchase(ANA, merchant="Padaria Secreta")
    with capture_logs() as logs:
        await world.sync(RECORD, event=as_input(event))
        await world.sync(ERASE, event=ERASURE)
    assert [line["event"] for line in logs] == ["activity.event_recorded", "activity.customer_erased"]
    assert logs[0]["event_id"] == str(event.id)
    assert logs[0]["outcome"] == logs[1]["outcome"] == "APPLIED"
    assert "Secreta" not in repr(logs)
