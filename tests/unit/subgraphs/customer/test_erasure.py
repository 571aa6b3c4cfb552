"""eraseCustomer: personal data is gone from every row, and the other subgraphs will be told."""

from __future__ import annotations

import json

import pytest

from tests.kit import brazil
from tests.unit.subgraphs.customer.store.test_encryption import dump
from tests.unit.subgraphs.customer.test_mutations import changes_of, erasure
from tests.unit.subgraphs.customer.test_outbox import events
from tests.unit.subgraphs.customer.world import World

_PERSON = {
    "name": "Zuleica Andrade Quintela",
    "cpf": "52998224725",
    "birthDate": "1951-12-07",
    "email": "zuleica@example.com",
    "addresses": [brazil.address(city="Quixeramobim", district="Berilândia", number="4711")],
    "debts": [brazil.debt(creditor="Banco Juriti", amount="123.45")],
    "assets": [{"kind": "VEHICLE", "description": "Brasília amarela", "value": "678.90"}],
    "incomes": [brazil.income(source="Olaria Mandacaru", monthlyAmount="234.56")],
}
_TRACES = (
    "Zuleica",
    "1951",
    "Quixeramobim",
    "Berilândia",
    "4711",
    "Juriti",
    "123.45",
    "Brasília amarela",
    "678.90",
    "Mandacaru",
    "234.56",
    "Padaria",
)


async def person(world: World) -> str:
    """A customer with a little of everything, a past and unsent events."""
    customer_id = await world.register(**_PERSON)
    for mutation, given in changes_of(customer_id):
        if mutation in ("updateCustomer", "recordCardPurchase"):
            await world.mutate(mutation, given)
    return customer_id


async def test_no_row_of_the_store_holds_personal_data_afterwards(world: World) -> None:
    """Neither the tables nor the payloads of events, sent or not; ids and versions stay."""
    customer_id = await person(world)
    before = await dump(world)
    assert [trace for trace in _TRACES if trace not in before] == []
    payload = await world.mutate("eraseCustomer", erasure(customer_id), selection="customerId")
    assert payload["customerId"] == customer_id
    after = await dump(world)
    assert [trace for trace in _TRACES if trace in after] == []
    cipher = "SELECT num_nonnulls(cpf_ciphertext, cpf_index, email_ciphertext) FROM customer_graph.customer"
    assert await world.database.value(cipher) == 0


async def test_both_copies_are_told_and_nothing_else_is_sent(world: World) -> None:
    """Unsent events are superseded; the last words are two erasures of the next version, under two ids."""
    customer_id = await person(world)
    payload = await world.mutate("eraseCustomer", erasure(customer_id))
    *earlier, first, second = await events(world)
    assert all(event["published_at"] is not None and event["payload"] == {} for event in earlier)
    assert payload["receipt"]["targets"] == ["rating", "activity"]
    assert payload["receipt"]["version"] == 3
    for event, queue in ((first, "customer-rating.fifo"), (second, "customer-activity.fifo")):
        assert (event["type"], event["queue"]) == ("customer.erased.v1", queue)
        assert (event["sequence"], event["payload"], event["published_at"]) == (3, {}, None)
    assert first["id"] == payload["receipt"]["eventId"] != second["id"]


async def test_an_erased_customer_is_not_found_any_more(world: World) -> None:
    """By id, by CPF, in lists, as an entity."""
    customer_id = await person(world)
    await world.mutate("eraseCustomer", erasure(customer_id))
    query = (
        "query All($id: ID!, $any: [_Any!]!) { customer(id: $id) { id } "
        'customerByCpf(cpf: "52998224725") { id } customers { totalCount nodes { id } } '
        "_entities(representations: $any) { ... on Customer { id } } }"
    )
    reference = {"__typename": "Customer", "id": customer_id}
    assert (await world.ask(query, {"id": customer_id, "any": [reference]})).data == {
        "customer": None,
        "customerByCpf": None,
        "customers": {"totalCount": 0, "nodes": []},
        "_entities": [None],
    }


async def test_an_erased_customer_cannot_be_changed(world: World) -> None:
    """Every mutation says ERASED, and writes nothing."""
    customer_id = await person(world)
    await world.mutate("eraseCustomer", erasure(customer_id))
    for mutation, given in changes_of(customer_id):
        assert await world.refused(mutation, given) == [("ERASED", "input.customerId")], mutation


async def test_erasing_again_gives_the_first_receipt_again(world: World) -> None:
    """With no key or another one: there is nothing left to be done."""
    customer_id = await person(world)
    first = await world.mutate("eraseCustomer", erasure(customer_id))
    before = await world.database.value("SELECT count(*) FROM customer_graph.outbox")
    again = await world.mutate("eraseCustomer", {**erasure(customer_id), "idempotencyKey": "outra"})
    assert again["userErrors"] == []
    assert again["receipt"] | {"acceptedAt": None} == first["receipt"] | {"acceptedAt": None}
    assert await world.database.value("SELECT count(*) FROM customer_graph.outbox") == before


async def test_the_cpf_of_an_erased_customer_can_be_registered_again(world: World) -> None:
    """A person who comes back is a new customer."""
    customer_id = await person(world)
    await world.mutate("eraseCustomer", erasure(customer_id))
    assert await world.register(**_PERSON) != customer_id


@pytest.mark.parametrize(
    "reason", ["", "pedido de zuleica andrade quintela", "CPF 529.982.247-25", "ver zuleica@example.com"]
)
async def test_the_reason_must_not_bring_the_person_back(world: World, reason: str) -> None:
    """It outlives the erasure, so it is refused when it names the person."""
    customer_id = await person(world)
    given = {"customerId": customer_id, "reason": reason}
    assert await world.refused("eraseCustomer", given) == [("INVALID_VALUE", "input.reason")]


async def test_the_reason_and_who_asked_are_kept(world: World) -> None:
    """The controller must be able to show why data was destroyed."""
    customer_id = await person(world)
    await world.mutate("eraseCustomer", erasure(customer_id), subject="encarregada")
    kept = await world.database.rows(
        "SELECT customer_id::text, reason, requested_by FROM customer_graph.erasure"
    )
    assert kept == [
        {"customer_id": customer_id, "reason": "pedido do titular", "requested_by": "encarregada"}
    ]


async def test_others_keep_their_data(world: World) -> None:
    """Erasing one customer touches no row of another."""
    other = await world.register()
    seen = await world.customer(other, "name cpf addresses { street } debts { amount }")
    sent = [event for event in await events(world) if event["aggregateid"] == other]
    await world.mutate("eraseCustomer", erasure(await person(world)))
    assert await world.customer(other, "name cpf addresses { street } debts { amount }") == seen
    assert [event for event in await events(world) if event["aggregateid"] == other] == sent
    assert json.dumps(sent)


async def test_a_wiped_event_never_waits_again(world: World) -> None:
    """Whoever republishes: an empty profile would be refused by the rating subgraph."""
    customer_id = await person(world)
    await world.mutate("eraseCustomer", erasure(customer_id))
    await world.database.rows("UPDATE customer_graph.outbox SET published_at = now()")
    await world.database.rows("UPDATE customer_graph.outbox SET published_at = NULL")
    waiting = await world.database.rows("SELECT type FROM customer_graph.outbox WHERE published_at IS NULL")
    assert [event["type"] for event in waiting] == ["customer.erased.v1"] * 2
