"""The outbox: each committed change has its events, committed with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import asyncpg
from graphql import GraphQLInputObjectType, build_schema
from graphql.utilities import validate_input_value

from tests.kit import brazil
from tests.unit.subgraphs.customer.test_mutations import changes_of
from tests.unit.subgraphs.customer.world import World

_EVENTS = (
    "SELECT id::text, aggregatetype, aggregateid::text, type, payload::text, sequence, queue, traceparent, "
    "published_at FROM customer_graph.outbox ORDER BY position"
)
_CONTRACTS = {
    "customer.profile.v1": ("rating", "ProfileInput"),
    "customer.activity.v1": ("activity", "ActivityEventInput"),
}


async def events(world: World) -> Sequence[Mapping[str, Any]]:
    """The outbox in order, payloads decoded."""
    rows = await world.database.rows(_EVENTS)
    return [{**row, "payload": json.loads(row["payload"])} for row in rows]


async def test_a_change_has_one_event_with_the_whole_profile(world: World) -> None:
    """Its sequence is the version, its id the receipt's, its data the state after the change."""
    customer_id = await world.register()
    payload = await world.mutate("addDebt", {"customerId": customer_id, "debt": brazil.debt(amount="9.90")})
    registered, changed = await events(world)
    assert registered["sequence"] == 1
    assert changed == {
        "id": payload["receipt"]["eventId"],
        "aggregatetype": "customer",
        "aggregateid": customer_id,
        "type": "customer.profile.v1",
        "sequence": 2,
        "queue": "customer-rating.fifo",
        "traceparent": changed["traceparent"],
        "published_at": None,
        "payload": {
            "birthDate": "1988-04-17",
            "state": "PE",
            "city": "Recife",
            "debts": [
                {
                    "amount": amount,
                    "contractedOn": "2026-01-10",
                    "dueOn": "2031-01-10",
                    "settledOn": None,
                }
                for amount in ("1500.00", "9.90")
            ],
            "assets": [],
            "incomes": [
                {
                    "kind": "SALARY",
                    "monthlyAmount": "4200.00",
                    "startedOn": "2020-03-01",
                    "endedOn": None,
                }
            ],
        },
    }
    assert changed["traceparent"].startswith("00-")


async def test_a_registered_customer_has_the_same_event_as_a_changed_one(world: World) -> None:
    """The payload of a registration, which is not read back, equals what is read back afterwards."""
    customer_id = await world.register(debts=[brazil.debt(amount="7")], addresses=[])
    await world.mutate("updateCustomer", {"customerId": customer_id, "phone": None})
    registered, changed = await events(world)
    assert registered["payload"] == changed["payload"]
    assert changed["payload"]["debts"][0]["amount"] == "7.00"


async def test_a_financial_event_goes_to_the_activity_queue_alone(world: World) -> None:
    """Under the customer's current version, with the id of the event in its data; the version stays."""
    customer_id = await world.register()
    given = dict(changes_of(customer_id))["recordCardPurchase"]
    payload = await world.mutate("recordCardPurchase", {**given, "occurredAt": "2026-11-24T09:00:00-03:00"})
    recorded = (await events(world))[-1]
    assert payload["receipt"]["targets"] == ["activity"]
    assert (recorded["queue"], recorded["type"]) == ("customer-activity.fifo", "customer.activity.v1")
    assert recorded["sequence"] == 1
    assert recorded["payload"] == {
        "eventId": payload["receipt"]["eventId"],
        "customerId": customer_id,
        "kind": "CARD_PURCHASE",
        "occurredAt": "2026-11-24T12:00:00Z",
        "amount": "10.00",
        "merchant": "Padaria",
        "category": None,
        "cardLast4": "1234",
    }
    assert (await world.customer(customer_id, "version"))["version"] == 1


async def test_every_payload_is_what_the_target_takes(world: World) -> None:
    """Coerced by the contracts of the other subgraphs, no payload has an error."""
    customer_id = await world.register(assets=[{"kind": "OTHER", "description": "Moto", "value": "1.00"}])
    for mutation, given in changes_of(customer_id):
        if mutation.startswith(("record", "add")):
            await world.mutate(mutation, given)
    written = await events(world)
    assert {event["type"] for event in written} == set(_CONTRACTS)
    for event in written:
        assert problems_of(event["payload"], *_CONTRACTS[event["type"]]) == []


def problems_of(payload: object, subgraph: str, type_name: str) -> list[str]:
    """What the contract of `subgraph` finds wrong with `payload` as a value of that input type."""
    text = (Path(__file__).parents[3] / "contract" / f"{subgraph}.graphql").read_text()
    schema = build_schema(text[text.index("scalar ") :], assume_valid=True)
    found: list[str] = []
    validate_input_value(
        payload,
        cast("GraphQLInputObjectType", schema.type_map[type_name]),
        lambda error, path: found.append(f"{path}: {error.message}"),
    )
    return found


async def test_a_change_that_fails_at_its_last_step_leaves_nothing(world: World) -> None:
    """When the event cannot be appended there is no debt, no version and no idempotency record either."""
    customer_id = await world.register()
    owner = await asyncpg.connect(world.database.owner_url)
    await owner.execute("ALTER TABLE customer_graph.outbox ADD CHECK (sequence < 2)")
    await owner.close()
    before = await world.written()
    given = {"customerId": customer_id, "debt": brazil.debt(), "idempotencyKey": "k"}
    answer = await world.try_to("addDebt", given)
    assert answer.codes == ["INTERNAL_SERVER_ERROR"]
    assert "outbox" not in json.dumps(answer.body)
    assert await world.written() == before


async def test_a_commit_is_announced(world: World) -> None:
    """Whoever listens on customer_outbox hears of a committed event, and of nothing that was refused."""
    heard: asyncio.Queue[str] = asyncio.Queue()
    listener = await asyncpg.connect(world.database.relay_url)
    await listener.add_listener("customer_outbox", lambda *_: heard.put_nowait("committed"))
    try:
        await world.mutate("registerCustomer", brazil.registration(cpf="1"))
        assert heard.empty()
        await world.register()
        async with asyncio.timeout(5):
            assert await heard.get() == "committed"
    finally:
        await listener.close()


async def test_one_trace_leads_from_the_request_to_the_event(world: World) -> None:
    """The traceparent and the request id that came with the request are stored with its event."""
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await world.mutate(
        "registerCustomer",
        brazil.registration(),
        headers={"traceparent": trace, "x-request-id": "checkout-4711"},
    )
    assert (await events(world))[0]["traceparent"] == trace
    stored = await world.database.value("SELECT request_id FROM customer_graph.outbox LIMIT 1")
    assert stored == "checkout-4711"
