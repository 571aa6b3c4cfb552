"""Idempotency keys: the same request has one effect and one answer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
import strawberry

from subgraphs.customer.idempotency import canonical_input
from tests.kit import brazil
from tests.unit.subgraphs.customer.test_mutations import changes_of, first_id
from tests.unit.subgraphs.customer.world import World


async def test_a_repeated_registration_gives_the_first_answer(world: World) -> None:
    """The same receipt, the same customer, and nothing new is written."""
    given = brazil.registration(idempotencyKey="cadastro-1")
    first = await world.mutate("registerCustomer", given, selection="customer { id version }")
    before = await world.written()
    again = await world.mutate("registerCustomer", given, selection="customer { id version }")
    assert again == first
    assert await world.written() == before


async def test_every_mutation_has_one_effect_for_one_key(world: World) -> None:
    """Also those that could not be done twice: the second answer is the first one, not ALREADY_SETTLED."""
    customer_id = await world.register(assets=[{"kind": "OTHER", "description": "Moto", "value": "1.00"}])
    ids = {
        "debtId": await first_id(world, customer_id, "debts"),
        "assetId": await first_id(world, customer_id, "assets"),
        "incomeId": await first_id(world, customer_id, "incomes"),
    }
    erasing = ("eraseCustomer", {"customerId": customer_id, "reason": "pedido do titular"})
    for mutation, given in [*changes_of(customer_id), erasing]:
        keyed = {**given, **{name: ids[name] for name in given if name in ids}, "idempotencyKey": mutation}
        first = await world.mutate(mutation, keyed)
        assert first["userErrors"] == [], mutation
        before = await world.written()
        assert await world.mutate(mutation, keyed) == first, mutation
        assert await world.written() == before, mutation


async def test_a_key_cannot_be_used_for_another_input(world: World) -> None:
    """IDEMPOTENCY_CONFLICT for another value, another mutation, another customer."""
    mine, other = await world.register(), await world.register()
    given = {"customerId": mine, "debt": brazil.debt(), "idempotencyKey": "chave"}
    await world.mutate("addDebt", given)
    conflict = [("IDEMPOTENCY_CONFLICT", "input.idempotencyKey")]
    assert await world.refused("addDebt", {**given, "debt": brazil.debt(amount="1500.01")}) == conflict
    assert await world.refused("addDebt", {**given, "customerId": other}) == conflict
    income = {"customerId": mine, "income": brazil.income(), "idempotencyKey": "chave"}
    assert await world.refused("addIncome", income) == conflict


async def test_keys_of_two_callers_do_not_meet(world: World) -> None:
    """A key belongs to the caller who chose it."""
    customer_id = await world.register()
    given = {"customerId": customer_id, "debt": brazil.debt(), "idempotencyKey": "1"}
    first = await world.mutate("addDebt", given, subject="ana")
    second = await world.mutate("addDebt", given, subject="rui")
    assert (first["receipt"]["version"], second["receipt"]["version"]) == (2, 3)


async def test_a_refused_request_does_not_use_up_its_key(world: World) -> None:
    """Corrected, it is accepted under the same key."""
    given = brazil.registration(cpf="1", idempotencyKey="chave")
    assert await world.refused("registerCustomer", given) == [("INVALID_CPF", "input.cpf")]
    payload = await world.mutate("registerCustomer", {**given, "cpf": brazil.cpf()})
    assert payload["userErrors"] == []


async def test_the_same_request_twice_at_once_has_one_effect(world: World) -> None:
    """The later ones wait for the first and give its answer."""
    given = brazil.registration(idempotencyKey="chave")
    payloads = await asyncio.gather(*(world.mutate("registerCustomer", given) for _ in range(8)))
    assert len({payload["receipt"]["eventId"] for payload in payloads}) == 1
    assert await world.database.value("SELECT count(*) FROM customer_graph.customer") == 1


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb"])
async def test_a_strange_key_is_refused(world: World, key: str) -> None:
    """Keys have 1 to 200 printable characters."""
    given = brazil.registration(idempotencyKey=key)
    assert await world.refused("registerCustomer", given) == [("INVALID_VALUE", "input.idempotencyKey")]


async def test_neither_key_nor_input_can_be_read_in_the_store(world: World) -> None:
    """Callers put personal data into both; only keyed hashes are kept."""
    await world.register(name="Zuleica Andrade", idempotencyKey="cpf-52998224725")
    stored = await world.database.rows("SELECT * FROM customer_graph.idempotency")
    assert len(stored) == 1
    assert "52998224725" not in repr(stored)
    assert "Zuleica" not in repr(stored)


@strawberry.input
class _Given:
    amount: Decimal
    at: datetime
    note: str | None = strawberry.UNSET
    idempotency_key: strawberry.ID | None = None


def test_inputs_are_the_same_when_their_values_are_equal() -> None:
    """Spelling of numbers and offsets does not count, nor does the key; values do."""
    moment = datetime(2026, 11, 24, 12, tzinfo=UTC)
    one = canonical_input("x", _Given(amount=Decimal(100), at=moment))
    assert one == canonical_input(
        "x", _Given(amount=Decimal("100.00"), at=moment, idempotency_key=strawberry.ID("k"))
    )
    brasilia = moment.astimezone(timezone(timedelta(hours=-3)))
    assert one == canonical_input("x", _Given(amount=Decimal("1e2"), at=brasilia))
    assert one != canonical_input("y", _Given(amount=Decimal(100), at=moment))
    assert one != canonical_input("x", _Given(amount=Decimal("100.01"), at=moment))
    assert one != canonical_input("x", _Given(amount=Decimal(100), at=moment, note=None))
