"""The mutations of a registered customer: what each changes, and what each refuses."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from tests.kit import brazil
from tests.unit.subgraphs.customer.world import World

UNKNOWN = "01a20b3e-0871-7227-ba09-269d2ed62f7b"
ASSET = {"kind": "VEHICLE", "description": "Fusca 1972", "value": "9000.00", "acquiredOn": "2001-05-06"}
_STATE = "version totalDebt totalAssets monthlyIncome"


async def first_id(world: World, customer_id: str, rows: str) -> str:
    """The id of the customer's first debt, asset or income."""
    found: str = (await world.customer(customer_id, f"{rows} {{ id }}"))[rows][0]["id"]
    return found


async def test_update_changes_what_is_given_and_keeps_the_rest(world: World) -> None:
    """A field left out is kept, null clears e-mail and phone, a list replaces the addresses."""
    customer_id = await world.register()
    address = brazil.address(city="Olinda", street="Rua do Amparo")
    payload = await world.mutate(
        "updateCustomer",
        {"customerId": customer_id, "name": "Ana L. Ferreira", "email": None, "addresses": [address]},
        selection="customer { version name email phone addresses { street city } }",
    )
    assert payload["customer"] == {
        "version": 2,
        "name": "Ana L. Ferreira",
        "email": None,
        "phone": "+5581998765432",
        "addresses": [{"street": "Rua do Amparo", "city": "Olinda"}],
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("INVALID_VALUE", "input")),
        ({"name": None}, ("INVALID_VALUE", "input.name")),
        ({"addresses": None}, ("INVALID_VALUE", "input.addresses")),
        ({"email": "x"}, ("INVALID_VALUE", "input.email")),
        ({"name": "Ana", "expectedVersion": 7}, ("VERSION_CONFLICT", "input.expectedVersion")),
        ({"expectedVersion": 0}, ("VERSION_CONFLICT", "input.expectedVersion")),
    ],
)
async def test_a_wrong_update_is_refused(
    world: World, changes: dict[str, object], expected: tuple[str, str]
) -> None:
    """Name and addresses cannot be removed, an update must name something, and a stale version loses."""
    customer_id = await world.register()
    assert await world.refused("updateCustomer", {"customerId": customer_id, **changes}) == [expected]


async def test_the_expected_version_lets_the_first_of_two_editors_win(world: World) -> None:
    """The second one, who has seen the old version, is told so."""
    customer_id = await world.register()
    given = {"customerId": customer_id, "phone": "+5581911112222", "expectedVersion": 1}
    assert (await world.mutate("updateCustomer", given))["userErrors"] == []
    assert await world.refused("updateCustomer", given) == [("VERSION_CONFLICT", "input.expectedVersion")]


async def test_debts_are_added_and_settled(world: World) -> None:
    """Totals and version follow, the status is derived from the dates."""
    customer_id = await world.register(debts=[])
    overdue = brazil.debt(amount="250.50", dueOn="2026-11-23")
    await world.mutate("addDebt", {"customerId": customer_id, "debt": overdue})
    await world.mutate("addDebt", {"customerId": customer_id, "debt": brazil.debt(amount="100")})
    seen = await world.customer(
        customer_id, f"{_STATE} debts {{ id status }} open: debts(status: OPEN) {{ id }}"
    )
    assert (seen["version"], seen["totalDebt"]) == (3, "350.50")
    assert [debt["status"] for debt in seen["debts"]] == ["OVERDUE", "OPEN"]
    assert [debt["id"] for debt in seen["open"]] == [seen["debts"][1]["id"]]

    settled = {"customerId": customer_id, "debtId": seen["debts"][0]["id"], "settledOn": "2026-11-24"}
    payload = await world.mutate(
        "settleDebt", settled, selection="customer { version totalDebt debts { status settledOn } }"
    )
    assert payload["customer"] == {
        "version": 4,
        "totalDebt": "100.00",
        "debts": [
            {"status": "SETTLED", "settledOn": "2026-11-24"},
            {"status": "OPEN", "settledOn": None},
        ],
    }
    assert await world.refused("settleDebt", settled) == [("ALREADY_SETTLED", "input.debtId")]


async def test_assets_are_added_and_removed(world: World) -> None:
    """A removed asset counts no more, and cannot be removed again."""
    customer_id = await world.register()
    await world.mutate("addAsset", {"customerId": customer_id, "asset": ASSET})
    seen = await world.customer(customer_id, f"{_STATE} assets {{ id kind description value acquiredOn }}")
    asset_id = seen["assets"][0].pop("id")
    assert seen["assets"] == [ASSET]
    assert (seen["version"], seen["totalAssets"]) == (2, "9000.00")

    removal = {"customerId": customer_id, "assetId": asset_id}
    assert (await world.mutate("removeAsset", removal))["receipt"]["version"] == 3
    seen = await world.customer(customer_id, f"{_STATE} assets {{ id }}")
    assert (seen["assets"], seen["totalAssets"]) == ([], "0.00")
    assert await world.refused("removeAsset", removal) == [("NOT_FOUND", "input.assetId")]


async def test_incomes_are_added_and_ended(world: World) -> None:
    """On the day of its end an income is no longer active."""
    customer_id = await world.register()
    rent = brazil.income(kind="RENT", source="Apartamento", monthlyAmount="800.00")
    await world.mutate("addIncome", {"customerId": customer_id, "income": rent})
    assert (await world.customer(customer_id, _STATE))["monthlyIncome"] == "5000.00"

    ending = {
        "customerId": customer_id,
        "incomeId": await first_id(world, customer_id, "incomes"),
        "endedOn": "2026-11-24",
    }
    await world.mutate("endIncome", ending)
    seen = await world.customer(
        customer_id, "version monthlyIncome incomes { kind } all: incomes(activeOnly: false) { kind endedOn }"
    )
    assert seen == {
        "version": 3,
        "monthlyIncome": "800.00",
        "incomes": [{"kind": "RENT"}],
        "all": [{"kind": "SALARY", "endedOn": "2026-11-24"}, {"kind": "RENT", "endedOn": None}],
    }
    assert await world.refused("endIncome", ending) == [("ALREADY_ENDED", "input.incomeId")]


def changes_of(customer_id: str) -> list[tuple[str, dict[str, Any]]]:
    """One valid input for each mutation of a customer, but for its erasure."""
    moment = "2026-11-24T12:00:00Z"
    return [
        ("updateCustomer", {"customerId": customer_id, "phone": "+5581911112222"}),
        ("addDebt", {"customerId": customer_id, "debt": brazil.debt()}),
        ("settleDebt", {"customerId": customer_id, "debtId": UNKNOWN, "settledOn": "2026-11-24"}),
        ("addAsset", {"customerId": customer_id, "asset": ASSET}),
        ("removeAsset", {"customerId": customer_id, "assetId": UNKNOWN}),
        ("addIncome", {"customerId": customer_id, "income": brazil.income()}),
        ("endIncome", {"customerId": customer_id, "incomeId": UNKNOWN, "endedOn": "2026-11-24"}),
        (
            "recordCardPurchase",
            {
                "customerId": customer_id,
                "amount": "10.00",
                "merchant": "Padaria",
                "cardLast4": "1234",
                "occurredAt": moment,
            },
        ),
        ("recordBureauQuery", {"customerId": customer_id, "bureau": "Serasa", "occurredAt": moment}),
        (
            "recordMovement",
            {
                "customerId": customer_id,
                "amount": "10.00",
                "direction": "DEBIT",
                "description": "Pix",
                "occurredAt": moment,
            },
        ),
    ]


@pytest.mark.parametrize("customer_id", [UNKNOWN, "42", "", "{$ne: 1}", "' OR 1=1 --"])
async def test_every_mutation_of_an_unknown_customer_is_refused(world: World, customer_id: str) -> None:
    """NOT_FOUND, whether the id could be one of ours or not."""
    for mutation, given in [*changes_of(customer_id), ("eraseCustomer", erasure(customer_id))]:
        assert await world.refused(mutation, given) == [("NOT_FOUND", "input.customerId")], mutation


def erasure(customer_id: str) -> dict[str, Any]:
    """The input of an erasure."""
    return {"customerId": customer_id, "reason": "pedido do titular"}


async def test_nothing_of_another_customer_can_be_touched(world: World) -> None:
    """An id of another customer's debt, asset or income is unknown here."""
    mine = await world.register()
    other = await world.register(assets=[ASSET])
    debt, asset, income = [await first_id(world, other, rows) for rows in ("debts", "assets", "incomes")]
    day = "2026-11-24"
    assert await world.refused("settleDebt", {"customerId": mine, "debtId": debt, "settledOn": day}) == [
        ("NOT_FOUND", "input.debtId")
    ]
    assert await world.refused("removeAsset", {"customerId": mine, "assetId": asset}) == [
        ("NOT_FOUND", "input.assetId")
    ]
    assert await world.refused("endIncome", {"customerId": mine, "incomeId": income, "endedOn": day}) == [
        ("NOT_FOUND", "input.incomeId")
    ]


@pytest.mark.parametrize(
    ("mutation", "changes", "expected"),
    [
        ("settleDebt", {"settledOn": "2027-01-01"}, ("INVALID_VALUE", "input.settledOn")),
        ("settleDebt", {"settledOn": "2026-01-09"}, ("INVALID_VALUE", "input.settledOn")),
        ("endIncome", {"endedOn": "2020-02-28"}, ("INVALID_VALUE", "input.endedOn")),
        ("recordCardPurchase", {"amount": "-5.00"}, ("INVALID_VALUE", "input.amount")),
        ("recordCardPurchase", {"cardLast4": "4111111111111111"}, ("INVALID_VALUE", "input.cardLast4")),
        ("recordCardPurchase", {"merchant": " "}, ("INVALID_VALUE", "input.merchant")),
        ("recordBureauQuery", {"occurredAt": "2027-01-01T00:00:00Z"}, ("INVALID_VALUE", "input.occurredAt")),
        ("recordMovement", {"description": ""}, ("INVALID_VALUE", "input.description")),
    ],
)
async def test_wrong_dates_and_values_are_refused(
    world: World, mutation: str, changes: dict[str, object], expected: tuple[str, str]
) -> None:
    """Nothing is settled before its contract or in the future; no event lies ahead."""
    customer_id = await world.register()
    given = dict(changes_of(customer_id))[mutation] | changes
    for rows, field in (("debts", "debtId"), ("incomes", "incomeId")):
        if field in given:
            given[field] = await first_id(world, customer_id, rows)
    assert await world.refused(mutation, given) == [expected]


async def test_changes_of_one_customer_at_once_all_count(world: World) -> None:
    """Twenty debts added in parallel: twenty versions, none lost, the total is right."""
    customer_id = await world.register(debts=[])
    given = {"customerId": customer_id, "debt": brazil.debt(amount="1.00")}
    payloads = await asyncio.gather(*(world.mutate("addDebt", given) for _ in range(20)))
    assert sorted(payload["receipt"]["version"] for payload in payloads) == list(range(2, 22))
    assert await world.customer(customer_id, "version totalDebt") == {"version": 21, "totalDebt": "20.00"}


async def test_two_mutations_in_one_operation_show_their_own_results(world: World) -> None:
    """The second payload shows what the second mutation did: nothing read before is shown again."""
    customer_id = await world.register(debts=[])
    query = (
        "mutation Two($a: AddDebtInput!) {"
        " first: addDebt(input: $a) { customer { version totalDebt debts { amount } } }"
        " second: addDebt(input: $a) { customer { version totalDebt debts { amount } } } }"
    )
    given = {"customerId": customer_id, "debt": brazil.debt(amount="5.00")}
    data = (await world.ask(query, {"a": given})).data
    assert data["first"]["customer"]["version"] == 2
    assert data["second"]["customer"] == {
        "version": 3,
        "totalDebt": "10.00",
        "debts": [{"amount": "5.00"}, {"amount": "5.00"}],
    }


async def test_a_customer_cannot_collect_debts_without_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above the limit a debt is refused: the whole profile must fit into one message."""
    monkeypatch.setattr("subgraphs.customer.domain.drafts.MAX_DEBTS", 2)
    customer_id = await world.register(debts=[brazil.debt(), brazil.debt()])
    assert await world.refused("addDebt", {"customerId": customer_id, "debt": brazil.debt()}) == [
        ("INVALID_VALUE", "input")
    ]


async def test_a_receipt_tells_what_was_committed(world: World) -> None:
    """Event, customer, version, targets and the moment."""
    customer_id = await world.register()
    payload = await world.mutate("addDebt", {"customerId": customer_id, "debt": brazil.debt()})
    receipt = payload["receipt"]
    assert uuid.UUID(receipt.pop("eventId")).version == 7
    assert receipt == {
        "customerId": customer_id,
        "version": 2,
        "targets": ["rating"],
        "acceptedAt": "2026-11-24T15:00:00Z",
    }
